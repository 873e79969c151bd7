// The texts of errno, as tools print them. Tools run with LC_ALL=C, but a build script may set its
// own, and the C library then translates them even where the tool does not: English, German and
// French, as in glibc's catalogues. Each is a piece of a pattern.

export const DENIED = [
  'permission denied|operation not permitted|access is denied',
  'keine berechtigung|die operation ist nicht erlaubt|zugriff verweigert',
  'permission non accordée|opération non permise|accès refusé',
].join('|')
export const READ_ONLY = [
  String.raw`read-only file ?system|\berofs\b`,
  'das dateisystem ist nur lesbar|système de fichiers accessible en lecture seulement',
].join('|')
export const NO_MEMORY = [
  String.raw`cannot allocate memory|out of memory|memory exhausted|std::bad_alloc|\benomem\b`,
  String.raw`memory allocation of \d+ bytes failed|insufficient memory`,
  'nicht genügend hauptspeicher|ne peut allouer de la mémoire',
].join('|')
export const BUSY = 'temporarily unavailable|zur zeit nicht verfügbar|temporairement non disponible'
export const EXISTS = 'file exists|existiert bereits|existe déjà|le fichier existe'
