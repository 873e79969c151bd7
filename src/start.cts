// The compile cache first: what is loaded after it comes already compiled. It lies in our own cache
// folder, not in the shared /tmp, where another user could put code for us to run.
const nodeModule: typeof import('node:module') = require('node:module')
const home = process.env['XDG_CACHE_HOME'] || (process.env['HOME'] || '') + '/.cache'
if (home.startsWith('/') && !process.env['NODE_DISABLE_COMPILE_CACHE'])
  nodeModule.enableCompileCache(home + '/bitnet-tasks/node')
require('./cli.js').main(process.argv.slice(2))
