// The graph that a worker and its test both know.
import { defineGraph, sh, task } from '../../graph/index.ts'

const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` }))
const b = task('b', () => ({ needs: [a()], outputs: ['b.so'], run: sh`ln a.out b.so` }))

export const copyGraph = defineGraph({ tasks: [a, b] })
export const SOURCES = { 'a.in': 'a' }
