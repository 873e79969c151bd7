// Preloaded: says on stderr how many KiB the process had resident at its peak.
process.on('exit', () => {
  require('node:fs').writeSync(2, `peak ${process.resourceUsage().maxRSS}\n`)
})
