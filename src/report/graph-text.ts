// A graph for a terminal and for other programs that draw: each node with its state and time, each need.
import { type Pictured, stateText } from './pictured.ts'
import { clean, quoted } from './text.ts'
import { toneOf } from './tones.ts'

/** A line for each node: its state, what it took, what it needs. */
export function plainText(nodes: readonly Pictured[]): string {
  const names = Math.max(...nodes.map(({ name }) => name.length))
  const states = Math.max(...nodes.map((node) => stateText(node).length))
  return nodes
    .map((node) => {
      const { name, needs } = node
      const state = stateText(node).padEnd(states)
      const line = `${name.padEnd(names)}  ${state}${needs.length > 0 ? ` <- ${needs.join(', ')}` : ''}`
      return `${clean(line.trimEnd())}\n`
    })
    .join('')
}

/** The language of Graphviz. https://graphviz.org/doc/info/lang.html */
export function dotText(nodes: readonly Pictured[]): string {
  const boxes = nodes.map((node) => {
    const { fill, line } = toneOf(node.state)
    // Not JSON's \n inside: Graphviz centres the lines by it.
    const label = `${quoted(node.name).slice(0, -1)}\\n${quoted(stateText(node)).slice(1)}`
    return `  ${quoted(node.name)} [label=${label}, fillcolor="${fill}", color="${line}"];\n`
  })
  const edges = nodes.flatMap(({ name, needs }) =>
    needs.map((need) => `  ${quoted(need)} -> ${quoted(name)};\n`),
  )
  const look = '  node [shape=box, style="rounded,filled", fontname="monospace", fontsize=11];\n'
  return `digraph tasks {\n  rankdir=LR;\n${look}${boxes.join('')}${edges.join('')}}\n`
}

/** The language of Mermaid. https://mermaid.js.org/syntax/flowchart.html */
export function mermaidText(nodes: readonly Pictured[]): string {
  const ids = new Map(nodes.map(({ name }, i) => [name, `n${i}`]))
  const boxes = nodes.map((node) => {
    const label = `${markdown(node.name)}<br/>${markdown(stateText(node))}`
    return `  ${ids.get(node.name)}["${label}"]:::${classOf(node.state)}\n`
  })
  const edges = nodes.flatMap(({ name, needs }) =>
    needs.map((need) => `  ${ids.get(need)} --> ${ids.get(name)}\n`),
  )
  const classes = [...new Set(nodes.map(({ state }) => state))].map((state) => {
    const { fill, line } = toneOf(state)
    return `  classDef ${classOf(state)} fill:${fill},stroke:${line},color:#1b2430\n`
  })
  return `graph LR\n${[...boxes, ...edges, ...classes].join('')}`
}

function classOf(state: string): string {
  return `is_${state.replace(/[^a-z]/g, '_')}`
}

// Mermaid takes a label for Markdown and HTML; its own escapes are `#` and a code.
function markdown(text: string): string {
  return clean(text).replace(/[^\w .,=:/@+[\]()-]/gu, (char) => `#${char.codePointAt(0)};`)
}
