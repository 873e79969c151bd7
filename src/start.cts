// The compile cache first: what is loaded after it comes already compiled. It lies in our own cache
// folder, not in the shared /tmp, where another user could put code for us to run.
const nodeModule: typeof import('node:module') = require('node:module')
const { HOME, XDG_CACHE_HOME, NODE_DISABLE_COMPILE_CACHE } = process.env
const cache = XDG_CACHE_HOME || (HOME && HOME + '/.cache') || ''
// A dry run changes nothing at all.
const isDry = process.argv.includes('--dry-run')
if (cache.startsWith('/') && !NODE_DISABLE_COMPILE_CACHE && !isDry)
  nodeModule.enableCompileCache(cache + '/bitnet-tasks/node')
const args = process.argv.slice(2)
const { code, checked } = require('./quick.cjs').answerQuickly(args)
if (code === undefined) require('./cli.cjs').main(args, checked)
else process.exit(code)
