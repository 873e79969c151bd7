// Compiled code is kept: what is loaded after this comes already compiled. It lies in our own cache
// folder, not in the shared /tmp, where another user could put code for us to run.
const nodeModule: typeof import('node:module') = require('node:module')
const { HOME, XDG_CACHE_HOME, NODE_DISABLE_COMPILE_CACHE } = process.env
const cache = XDG_CACHE_HOME || (HOME && HOME + '/.cache') || ''
// A dry run changes nothing at all.
const isDry = process.argv.includes('--dry-run')
const isKept = cache.startsWith('/') && !NODE_DISABLE_COMPILE_CACHE && !isDry
if (isKept) nodeModule.enableCompileCache(cache + '/bitnet-tasks/node')
const args = process.argv.slice(2)
const { code, checked } = require('./quick.cjs').answerQuickly(args)
if (code === undefined) program().main(args, checked)
else process.exit(code)

// Each command calls functions of its own, and its help few of them.
function program(): typeof import('./cli.ts') {
  const isHelp = args.some((arg) => arg === '--help' || arg === '-h')
  const command = isHelp ? 'help' : (args[0] ?? 'none')
  if (!isKept || !/^[a-z-]{1,20}$/.test(command)) return require('./cli.cjs')
  // With the user, as Node's own cache has it: after a `sudo` that keeps HOME it would be root's.
  const maker = [process.version, process.arch, process.getuid?.() ?? 0].join('-')
  const folder = `${cache}/bitnet-tasks/node/program-${maker}`
  return require('./compiled.cjs').requireCompiled(`${__dirname}/cli.cjs`, folder, command)
}
