// Chromium without a window, as pages are looked at here: offline, and the same everywhere.

/** Options of every call; beside them it wants a folder: `--user-data-dir=…`. */
export const HEADLESS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
