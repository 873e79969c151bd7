// Bundles dist/: start-up is module loading, and one file loads faster than many.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

import { build } from 'esbuild'

// Go into the program: loaded as a package commander reads every export of five built-ins, 10 ms;
// proper-lockfile brings its own `fs`, which queues what the synchronous calls that we make do not have.
const INSIDE = ['commander', 'proper-lockfile']
const LICENSES = [...INSIDE, 'retry']
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const others = Object.keys(dependencies).filter((name) => !INSIDE.includes(name))

// An `import` of a built-in makes Node read every export of it, getters and all: `node:fs` alone then
// loads promises, streams and readline, 8 ms. process.getBuiltinModule hands it over as it is, as `require`
// does in the files of CommonJS.
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
      loader: 'js',
    }))
  },
}

// Of proper-lockfile we want the lock alone: it is released by us, and not by who listens to every signal.
const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^graceful-fs$/ }, () => ({ path: 'node:fs', external: true }))
    onResolve({ filter: /^signal-exit$/ }, ({ path }) => ({ path, namespace: 'nothing' }))
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({
      contents: 'module.exports = () => {}',
    }))
  },
}

// The program is not loaded by Node (src/compiled.cts), so that `import()` means nothing in it: a package is
// required, and a graph file is imported by a file of its own.
const withoutImport = {
  name: 'without-import',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'late' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: `module.exports = require('${path}')`,
      resolveDir: '.',
    }))
    onResolve({ filter: /\/native-import\.ts$/ }, () => ({
      path: './native-import.cjs',
      external: true,
    }))
  },
}

function licenseOf(folder) {
  return `${folder}/${readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))}`
}

const shared = { platform: 'node', logLevel: 'warning', outbase: '.', outdir: 'dist' }
// Names stay, for who reads the stack of an error.
const small = { minifyWhitespace: true, minifySyntax: true, lineLimit: 200 }
const bundled = { ...shared, ...small, bundle: true, target: 'node22' }

rmSync('dist/chunks', { recursive: true, force: true })
// What is answered at once, small; and the program: one file, in which a part is evaluated when it is first wanted.
await build({
  ...bundled,
  entryPoints: ['src/quick.ts', 'src/cli.ts'],
  plugins: [lean, withoutImport],
  external: others.flatMap((name) => [name, `${name}/*`]),
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '__url', 'import.meta.dirname': '__dirname' },
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
})
// Characters in regular expressions are left as they are by esbuild, and double what V8 needs for the text.
const program = readFileSync('dist/src/cli.cjs', 'utf8')
// That of the threads, which Node does load.
if (program.match(/\bimport\(/g)?.length !== 1) throw new Error('an import() in the program')
const escaped = (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
writeFileSync('dist/src/cli.cjs', program.replace(/[^\0-\x7f]/g, escaped))
for (const name of LICENSES) copyFileSync(licenseOf(`node_modules/${name}`), `dist/${name}.LICENSE`)
// What others import.
await build({
  ...bundled,
  packages: 'external',
  entryPoints: ['graph/index.ts', 'bitnet.tasks.ts', 'tasks/steps/*.ts'],
  plugins: [builtins],
  splitting: true,
  format: 'esm',
  chunkNames: 'chunks/[hash]',
})
// The launcher must parse on the oldest Node that could start it.
await build({
  ...shared,
  entryPoints: ['src/bin.cts'],
  format: 'cjs',
  target: 'node12',
  outExtension: { '.js': '.cjs' },
})
await build({
  ...shared,
  entryPoints: ['src/start.cts', 'src/compiled.cts', 'src/native-import.ts'],
  format: 'cjs',
  target: 'node22',
  outExtension: { '.js': '.cjs' },
})
