#!/usr/bin/env bash
# Takes the pictures of docs/: the real program, in a real terminal, over the log
# of testdata/showcase. Run it by `make screens`; with names, it takes only these.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in Xvfb xterm import convert xdotool; do
  command -v "$tool" >/dev/null || { echo "screens: skipped, $tool is not here (xvfb xterm imagemagick xdotool, and the fonts JetBrains Mono and Noto Sans Mono CJK)"; exit 0; }
done

temp=$(mktemp -d)
display=:$((RANDOM % 400 + 100))
Xvfb "$display" -screen 0 2000x1300x24 >/dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$temp"' EXIT
export DISPLAY=$display
go build -trimpath -o "$temp/lazytrace" .
go build -o "$temp/showcase" ./testdata/showcase
mkdir -p "$temp/config/lazytrace" "$temp/data"
printf '[budget]\nsession = 1.0\nday = 4.0\n' >"$temp/config/lazytrace/config.toml"
for _ in $(seq 100); do xdotool getmouselocation >/dev/null 2>&1 && break; sleep 0.1; done

# shot NAME COLUMNSxROWS KEYS: keys are those of xdotool, "wait" among them waits.
shot() {
  local name=$1 size=$2 keys=$3
  [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $name "* ]] || return 0
  # The log ends now, so that what goes on goes on in the picture too.
  "$temp/showcase" >"$temp/showcase.jsonl"
  xterm -xrm 'XTerm*directColor:true' -fa 'JetBrains Mono' -fd 'Noto Sans Mono CJK JP' -fs 12 -geometry "$size+0+0" -bg '#1e1e2e' -fg '#cdd6f4' -b 10 +sb -u8 -e \
    env TERM=xterm-256color COLORTERM=truecolor XDG_CONFIG_HOME="$temp/config" XDG_DATA_HOME="$temp/data" LAZYTRACE_NO_CACHE=1 EDITOR=vi bash -c "cd '$temp' && ./lazytrace open showcase.jsonl" &
  local terminal=$! window=
  for _ in $(seq 50); do
    window=$(xdotool search --class xterm 2>/dev/null | head -1) && [ -n "$window" ] && break
    sleep 0.1
  done
  # Without a window, import would wait for a click.
  [ -n "$window" ] || { echo "screens: no terminal was opened on $display" >&2; exit 1; }
  xdotool mousemove 300 300 # without a window manager, keys go where the pointer is
  sleep 1.6
  for key in $keys; do
    if [ "$key" = wait ]; then sleep 0.8; else xdotool key "$key" 2>/dev/null; sleep 0.12; fi
  done
  sleep 0.9
  import -window "$window" "$temp/$name.png"
  kill "$terminal" 2>/dev/null || true
  wait "$terminal" 2>/dev/null || true
  convert "$temp/$name.png" -strip -colors 96 "PNG8:docs/screens/$name.png"
  echo "docs/screens/$name.png"
}

wanted=("$@")
# The newest session is the one in which the tests are run again and again.
shot sessions   160x45 ""
shot wall       160x45 "g w"
shot trace      160x45 "Return wait e E E p"
shot replay     160x45 "Return wait g g r wait l l l l l l l l l l l l l l l l l l l l"
shot chat       160x45 "Return wait g m wait g g wait j j j"
shot compare    160x45 "Return wait W Return wait"
shot events     160x45 "Return wait g e wait e"
shot errors     160x45 "Return wait g x wait"
shot errors-all 160x45 "g x wait j space j j"
shot filter     160x45 "slash e r r colon a n y space minus t o o l colon B a wait"
shot agents     160x45 "g a wait"
shot experiments 160x45 "g v wait"
shot graph      160x45 "Return wait g o wait j j j"
shot cost       160x45 "g c wait"
shot context    160x45 "slash u p g r a d e Return wait Return wait g k wait"
shot search     160x45 "g f wait c h a r g e wait Return wait"
shot doctor     160x45 "g d wait"
shot notes      160x45 "Return wait e a wait l o c k space o r d e r question Return wait m j j m g n wait"
shot keys       160x45 "question f o l d"
