// The installed llama.h serves both C++ files of BitNet-rs, whichever age it is of. A compiler judges.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'

const fit = suite('fit-header')

const STEP = join(import.meta.dirname, '../../tasks/steps/fit-header.ts')

/** As bitnet.cpp has it: the vocabulary is the model's, and a batch is told where it begins. */
const OF_2024 = `#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
// struct llama_vocab; // TODO: add in the future
struct llama_model;
struct llama_context;
typedef int32_t llama_token;
typedef int32_t llama_pos;
typedef int32_t llama_seq_id;
typedef struct llama_batch {
    int32_t n_tokens;
    llama_token * token;
    llama_pos * pos;
    llama_pos all_pos_0;
    llama_seq_id all_seq_id;
} llama_batch;
void llama_free_model(struct llama_model * model);
int32_t llama_n_vocab    (const struct llama_model * model);
struct llama_batch llama_batch_get_one(
              llama_token * tokens,
                  int32_t   n_tokens,
                llama_pos   pos_0,
             llama_seq_id   seq_id);
int32_t llama_get_kv_cache_used_cells(const struct llama_context * ctx);
llama_pos llama_kv_cache_seq_pos_max(struct llama_context * ctx, llama_seq_id seq_id);
void llama_kv_cache_clear(struct llama_context * ctx);
int32_t llama_decode(struct llama_context * ctx, struct llama_batch batch);
#ifdef __cplusplus
}
#endif
`

/** As llama.cpp 0.5.0 has it. */
const OF_2026 = `#pragma once
#include <stdbool.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
struct llama_model;
struct llama_vocab;
struct llama_context;
typedef struct llama_memory_i * llama_memory_t;
int32_t llama_n_vocab(const struct llama_vocab * vocab);
const struct llama_vocab * llama_model_get_vocab(const struct llama_model * model);
void llama_model_free(struct llama_model * model);
llama_memory_t llama_get_memory(const struct llama_context * ctx);
void llama_memory_clear(llama_memory_t mem, bool data);
#ifdef __cplusplus
}
#endif
`

function inPrefix(body: (prefix: string, header: string) => void): () => void {
  return () => {
    const prefix = fs.mkdtempSync(join(tmpdir(), 'bitnet-header-'))
    fs.mkdirSync(join(prefix, 'include'))
    try {
      body(prefix, join(prefix, 'include/llama.h'))
    } finally {
      fs.rmSync(prefix, { recursive: true, force: true })
    }
  }
}

function run(prefix: string): void {
  execFileSync(process.execPath, [STEP, prefix])
}

/** Compiles a source against the header; what the compiler says against it. */
function compiled(prefix: string, name: string, text: string): string {
  const source = join(prefix, name)
  fs.writeFileSync(source, text)
  const words = ['-Wall', '-Wextra', '-Werror', `-I${prefix}/include`, '-c', source]
  const compiler = name.endsWith('.c') ? 'cc' : 'c++'
  return spawnSync(compiler, [...words, '-o', `${source}.o`], { encoding: 'utf8' }).stderr
}

fit(
  'a header of 2024 gets the names of 2025 and keeps its own',
  inPrefix((prefix, header) => {
    fs.writeFileSync(header, OF_2024)
    run(prefix)
    const both = `#include "llama.h"
int of_2025(llama_context * ctx, llama_model * model, llama_token * tokens) {
    const llama_vocab * vocab = llama_model_get_vocab(model);
    llama_kv_cache_clear(ctx);
    int failed = llama_decode(ctx, llama_batch_get_one(tokens, 1));
    llama_model_free(model);
    return failed + llama_vocab_n_tokens(vocab);
}
extern "C" int of_2024(llama_context * ctx, const llama_model * model, llama_token * tokens) {
    return llama_n_vocab(model) + llama_decode(ctx, llama_batch_get_one(tokens, 1, 0, 0));
}
`
    assert.is(compiled(prefix, 'both.cc', both), '')
    // The shim includes it inside of extern "C".
    const within = 'extern "C" {\n#include "llama.h"\n}\nint main() {}\n'
    assert.is(compiled(prefix, 'within.cc', within), '')
    assert.is(compiled(prefix, 'alone.c', '#include "llama.h"\nint main(void) { return 0; }\n'), '')
  }),
)

fit(
  'a batch without a position goes on where the sequence ends, one with a position stays there',
  inPrefix((prefix, header) => {
    fs.writeFileSync(header, OF_2024)
    run(prefix)
    const program = `#include "llama.h"
#include <cstdio>
struct llama_context { int cells; };
extern "C" {
llama_batch llama_batch_get_one(llama_token * t, int32_t n, llama_pos pos, llama_seq_id s) {
    return { n, t, nullptr, pos, s };
}
int32_t llama_get_kv_cache_used_cells(const llama_context * ctx) { return ctx->cells; }
llama_pos llama_kv_cache_seq_pos_max(llama_context * ctx, llama_seq_id) {
    return ctx->cells == 0 ? 0 : ctx->cells - 1;
}
#undef llama_decode
int32_t llama_decode(llama_context * ctx, llama_batch batch) {
    printf("%d ", batch.pos == nullptr ? batch.all_pos_0 : batch.pos[0]);
    ctx->cells += batch.n_tokens;
    return 0;
}
#define llama_decode llama_decode_at_end
}
int main() {
    llama_token tokens[4] = {};
    llama_pos given[1] = { 2 };
    llama_context ctx = { 0 };
    llama_decode(&ctx, llama_batch_get_one(tokens, 1));
    llama_decode(&ctx, llama_batch_get_one(tokens, 3));
    llama_decode(&ctx, llama_batch_get_one(tokens, 1));
    llama_decode(&ctx, llama_batch_get_one(tokens, 1, 7, 0));
    llama_batch own = { 1, tokens, given, -1, 0 };
    llama_decode(&ctx, own);
}
`
    assert.is(compiled(prefix, 'positions.cc', program), '')
    execFileSync('c++', [join(prefix, 'positions.cc.o'), '-o', join(prefix, 'positions')])
    assert.is(execFileSync(join(prefix, 'positions'), { encoding: 'utf8' }), '0 1 4 7 2 ')
  }),
)

fit(
  'a header of 2026 gets the one name that the wrapper misses',
  inPrefix((prefix, header) => {
    fs.writeFileSync(header, OF_2026)
    run(prefix)
    const added = fs.readFileSync(header, 'utf8').slice(OF_2026.length)
    assert.is(
      added,
      `
// Added by bitnet-tasks for BitNet-rs.
#ifdef __cplusplus
extern "C" {
#endif
static inline void llama_kv_cache_clear(struct llama_context * ctx) {
    llama_memory_clear(llama_get_memory(ctx), true);
}
#ifdef __cplusplus
}
#endif
`,
    )
    const use =
      '#include "llama.h"\nvoid clear(llama_context * ctx) { llama_kv_cache_clear(ctx); }\n'
    assert.is(compiled(prefix, 'use.cc', use), '')
    assert.is(compiled(prefix, 'alone.c', '#include "llama.h"\nint main(void) { return 0; }\n'), '')
  }),
)

fit(
  'once is enough, a header that has all is left alone, and none is fine',
  inPrefix((prefix, header) => {
    run(prefix)
    assert.is(fs.existsSync(header), false)
    for (const text of [OF_2024, OF_2026]) {
      fs.writeFileSync(header, text)
      run(prefix)
      const fitted = fs.readFileSync(header, 'utf8')
      run(prefix)
      assert.is(fs.readFileSync(header, 'utf8'), fitted)
    }
    const whole = '#pragma once\nstruct llama_vocab;\n'
    fs.writeFileSync(header, whole)
    run(prefix)
    assert.is(fs.readFileSync(header, 'utf8'), whole)
  }),
)

fit.run()
