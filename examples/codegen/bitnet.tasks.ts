// A code generator: messages in text files become a C header, and a program shows them. A generator often
// writes the same bytes for another input (a comment, an order): then what stands on it does not run. That
// is early cutoff.
import { argv, defineGraph, sh, task } from 'bitnet-tasks'

const header = task('header', () => ({
  title: 'make the header of all messages',
  inputs: ['messages/*.txt', 'generate.sh'],
  outputs: ['out/messages.h'],
  run: sh`sh generate.sh messages/*.txt > out/messages.h`,
}))

const program = task('program', () => ({
  needs: [header()],
  inputs: ['show.c'],
  outputs: ['out/show'],
  run: argv('cc', '-Iout', 'show.c', '-o', 'out/show'),
}))

const page = task('page', () => ({
  title: 'what the program prints',
  needs: [program()],
  outputs: ['out/page.txt'],
  run: sh`out/show > out/page.txt`,
}))

export default defineGraph({ tasks: [header, program, page] })
