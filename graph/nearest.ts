// "did you mean": the closest valid name, when one is close enough to be meant.

/**
 * The name nearest to `wrong`, or undefined when none is within a third of its length, or two.
 *
 * @example nearest('wrods', ['words', 'count'])   // words
 */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  // Of a name that is as long as the way to it nothing would be left.
  let least = Math.min(wrong.length, Math.max(2, Math.floor(wrong.length / 3)) + 1)
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) >= least) continue
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase())
    if (distance < least) {
      least = distance
      best = name
    }
  }
  return best
}

// Damerau's distance with adjacent swaps: `biuld` is one slip away from `build`.
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
