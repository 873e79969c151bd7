// Bundles dist/: start-up is module loading, and few files load faster than many.
import { build } from 'esbuild'

// An `import` of a built-in makes Node read every export of it, getters and all: `node:fs` alone then
// loads promises, streams and readline, 8 ms. process.getBuiltinModule hands it over as it is.
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

const shared = { platform: 'node', logLevel: 'warning', outbase: '.', outdir: 'dist' }

await build({
  ...shared,
  entryPoints: ['src/cli.ts', 'graph/index.ts', 'bitnet.tasks.ts', 'tasks/steps/*.ts'],
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'node22',
  packages: 'external',
  chunkNames: 'chunks/[hash]',
  plugins: [builtins],
})
// The launcher must parse on the oldest Node that could start it.
await build({
  ...shared,
  entryPoints: ['src/bin.cts', 'src/start.cts'],
  format: 'cjs',
  target: 'node12',
  outExtension: { '.js': '.cjs' },
})
