// A program: lets the installed llama.h serve BitNet-rs, whose two C++ files are written for two ages of
// llama.cpp (crossval/src/bitnet_cpp_wrapper.cc for 2025, crates/bitnet-sys/csrc/bitnet_c_shim.cc for 2024;
// read at f2ae3adc). Names that the header lacks are added at its end; what it has is not touched.
// With llama.cpp 0.5.0 the wrapper then compiles, with bitnet.cpp's of 2024 both do. Usage: fit-header PREFIX
import * as fs from 'node:fs'
import { join } from 'node:path'

interface Piece {
  /** What the header must have for it. */
  readonly has: readonly RegExp[]
  /** What it adds, and the header must not have. */
  readonly lacks: RegExp
  readonly text: string
}

const MARK = '// Added by bitnet-tasks for BitNet-rs.'

const PIECES: readonly Piece[] = [
  {
    has: [/\bllama_memory_clear\s*\(/, /\bllama_get_memory\s*\(/],
    lacks: /\bllama_kv_cache_clear\s*\(/,
    text: `static inline void llama_kv_cache_clear(struct llama_context * ctx) {
    llama_memory_clear(llama_get_memory(ctx), true);
}`,
  },
  {
    has: [/\bllama_free_model\s*\(/],
    lacks: /\bllama_model_free\s*\(/,
    text: `static inline void llama_model_free(struct llama_model * model) {
    llama_free_model(model);
}`,
  },
  // The vocabulary was a part of the model, and is asked through it.
  {
    has: [/\bllama_n_vocab\s*\(\s*const struct llama_model\b/],
    lacks: /\bstruct llama_vocab\b|\bllama_model_get_vocab\s*\(/,
    text: `typedef struct llama_model llama_vocab;
static inline const llama_vocab * llama_model_get_vocab(const struct llama_model * model) {
    return model;
}
static inline int32_t llama_vocab_n_tokens(const llama_vocab * vocab) {
    return llama_n_vocab(vocab);
}`,
  },
  // A batch was told its first position; since then it goes on where the sequence ends.
  {
    has: [
      /\bllama_batch_get_one\s*\([^)]*\bpos_0\b/,
      /\bllama_get_kv_cache_used_cells\s*\(/,
      /\bllama_kv_cache_seq_pos_max\s*\(/,
    ],
    lacks: /\bllama_decode_at_end\s*\(/,
    text: `#ifdef __cplusplus
extern "C++" {
static inline llama_batch llama_batch_get_one(llama_token * tokens, int32_t n_tokens) {
    return llama_batch_get_one(tokens, n_tokens, -1, 0);
}
static inline int32_t llama_decode_at_end(struct llama_context * ctx, llama_batch batch) {
    if (batch.pos == nullptr && batch.all_pos_0 < 0) {
        // Of an empty cache llama_kv_cache_seq_pos_max() says 0, as of one that holds one token.
        const bool is_empty = llama_get_kv_cache_used_cells(ctx) == 0;
        batch.all_pos_0 = is_empty ? 0 : llama_kv_cache_seq_pos_max(ctx, 0) + 1;
    }
    return llama_decode(ctx, batch);
}
}
#define llama_decode llama_decode_at_end
#endif`,
  },
]

const header = join(process.argv[2] ?? '', 'include', 'llama.h')
// Libraries that a person has built may come without headers.
if (fs.existsSync(header)) fit(header)

function fit(path: string): void {
  const text = fs.readFileSync(path, 'utf8')
  // The header of 2024 speaks of a struct llama_vocab that it intends to have.
  const code = text.replace(/\/\/.*$/gm, '')
  const missing = PIECES.filter(
    ({ has, lacks }) => has.every((pattern) => pattern.test(code)) && !lacks.test(code),
  )
  if (missing.length === 0) return
  const added = missing.map((piece) => piece.text).join('\n')
  fs.writeFileSync(
    path,
    `${text}
${MARK}
#ifdef __cplusplus
extern "C" {
#endif
${added}
#ifdef __cplusplus
}
#endif
`,
  )
}
