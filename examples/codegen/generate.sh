# KEY = TEXT lines become { "KEY", "TEXT" } rows, sorted; lines that begin with # are comments.
echo 'static const char *const messages[][2] = {'
cat "$@" | grep -v '^#' | LC_ALL=C sort | sed -n 's/^\([a-z]*\) = \(.*\)$/  { "\1", "\2" },/p'
echo '};'
