// What a line of a tool gives away: a host, an address, a name.

/** The host that a line of a tool names. */
export function hostIn(text: string): string | undefined {
  const forms = [
    /\b(?:https?|ssh|git):\/\/(?:[^/@\s'"]*@)?([\w.-]+)/,
    /\bgit@([\w.-]+):/,
    /(?:resolve|lookup|look up)(?: host| proxy| hostname)?:? '?([\w-]+(?:\.[\w-]+)+)/i,
    /connect to (?:host )?([\w-]+(?:\.[\w-]+)+)/i,
  ]
  return forms.map((form) => form.exec(text)?.[1]).find((host) => host !== undefined)
}

/** The first address in it. */
export function urlIn(text: string): string | undefined {
  return /\b(?:https?|ssh|git):\/\/[^\s'"]+[^\s'".,:;)]/.exec(text)?.[0]
}

/** What stands in quotes in it. */
export function quotedIn(text: string): string | undefined {
  return /['"`‘“«]([^'"`’”»\n]+)['"`’”»]/.exec(text)?.[1]
}
