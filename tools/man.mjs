// Writes docs/man/bitnet-tasks.1 from the tables of commands, flags and exit codes; --print shows it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import { EXAMPLES } from '../src/examples.ts'
import { EXIT_TABLE } from '../src/exit-code.ts'
import { COMMANDS } from '../src/flags.ts'

const FILE = new URL('../docs/man/bitnet-tasks.1', import.meta.url).pathname

function manPage() {
  const flags = new Map(COMMANDS.flatMap((row) => row.flags.map((flag) => [flag.long, flag])))
  return `.\\" Made by tools/man.mjs.
.TH BITNET-TASKS 1
.SH NAME
bitnet-tasks \\- makes the C++ backends of BitNet.rs present and verified; runs any graph of tasks by content
.SH SYNOPSIS
.B bitnet-tasks
.I COMMAND
.RI [ flags ]
.RI [ NODE ...]
.SH DESCRIPTION
.B bitnet-tasks preflight
looks whether a backend is there and works, and repairs it if not.
.B bitnet-tasks run
brings the nodes of the nearest
.I bitnet.tasks.ts
up to date: a node runs when the content of its inputs, its command, a program behind it, a declared variable or the result of a node that it needs has changed.
The answer is on standard output, everything else on standard error.
.SH COMMANDS
${COMMANDS.map(command).join('\n')}
.SH FLAGS
Each command accepts those that it lists with \\-\\-help.
${[...flags.values()]
  .sort((a, b) => (a.long < b.long ? -1 : 1))
  .map(option)
  .join('\n')}
.SH EXAMPLES
${COMMANDS.flatMap(({ name }) => (EXAMPLES[name] ?? []).map(example)).join('\n')}
.SH EXIT STATUS
${EXIT_TABLE.map(({ code, meaning }) => `.TP\n.B ${code}\n${roff(meaning)}`).join('\n')}
.TP
.B 130, 143
Interrupted (Ctrl\\-C) or terminated
.SH FILES
.TP
.I ~/.cache/bitnet_cpp, ~/.cache/llama_cpp
the installations; links to a generation each
.TP
.I ~/.cache/bitnet\\-tasks
sources, builds and state of the shipped graph
.TP
.I .bitnet\\-tasks
state of a graph of your own, beside its file
.SH SEE ALSO
.BR cmake (1),
.BR ninja (1),
.BR cargo (1)
`
}

function command({ name, nodes = '', help }) {
  const words = nodes.replace(/[<>]/g, '').toUpperCase()
  return `.TP\n.B ${roff(name)}${words ? `\n.I ${roff(words)}\n.br` : ''}\n${roff(help)}`
}

function example({ line, says }) {
  return `.TP\n.B bitnet\\-tasks ${roff(line)}\n${roff(says)}`
}

function option({ long, short, value, help }) {
  const spelling = `${short ? `-${short}, ` : ''}--${long}${value ? ` ${value.toUpperCase()}` : ''}`
  return `.TP\n.B ${roff(spelling)}\n${roff(help)}`
}

function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
}

if (process.argv.includes('--print')) process.stdout.write(manPage())
else {
  mkdirSync(dirname(FILE), { recursive: true })
  writeFileSync(FILE, manPage())
}
