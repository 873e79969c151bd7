// What lives in the heap of a process, told on stderr at SIGUSR2: all objects, and bytes. Counting is a garbage collection.
const v8 = require('node:v8')

process.on('SIGUSR2', () => {
  const objects = v8.queryObjects(Object, { format: 'count' })
  process.stderr.write(`alive ${objects} ${process.memoryUsage().heapUsed}\n`)
})
