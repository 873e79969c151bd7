// A program: has the loader load each library, as a program that uses it would. It needs nothing that
// is compiled, and a library that crashes or hangs takes only this process with it; the last line says
// which one it was. Usage: load-libraries PATH...
import { constants } from 'node:os'

const { RTLD_NOW, RTLD_LOCAL } = constants.dlopen

for (const path of process.argv.slice(2)) {
  process.stderr.write(`load-libraries: ${path}\n`)
  const trouble = load(path)
  if (trouble === undefined) continue
  process.stderr.write(`load-libraries: '${path}' does not load: ${trouble}\n`)
  process.exitCode = 1
}

function load(path: string): string | undefined {
  try {
    // All its symbols at once: a libllama beside the libggml of another version is noticed.
    process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_LOCAL)
    return undefined
  } catch (error) {
    const { message } = error as Error
    // It loaded, and Node misses the way in that its own add-ons have.
    return message.includes('did not self-register') ? undefined : message
  }
}
