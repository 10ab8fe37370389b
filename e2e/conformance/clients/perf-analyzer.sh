#!/bin/sh
# perf-analyzer.sh FOLDER: leaves NVIDIA's perf_analyzer as FOLDER/perf_analyzer. Its wheel is made for glibc 2.38 and
# newer; on an older Debian the libraries of Debian 13 are unpacked beside it, and nothing is installed.
set -eu
folder=$1
if [ -x "$folder/perf_analyzer" ]; then exit 0; fi
mkdir -p "$folder/wheel" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/debs"

python3 -m pip download --quiet --no-deps --only-binary=:all: --platform manylinux_2_38_x86_64 \
  --dest "$folder/wheel" 'perf-analyzer==2.60.0'
python3 -m zipfile -e "$folder"/wheel/perf_analyzer-*.whl "$folder/wheel"
program="$folder/wheel/perf_analyzer/bin/perf_analyzer"
chmod +x "$program"

if "$program" --version >/dev/null 2>&1; then
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$program" >"$folder/perf_analyzer"
else
  awk 'BEGIN { RS = ""; ORS = "\n\n" } !/security/' /etc/apt/sources.list.d/debian.sources |
    sed 's/bookworm-[a-z]*//g; s/bookworm/trixie/g' >"$folder/apt/trixie.sources"
  apt="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$folder/apt -o Dir::State::lists=$folder/apt/lists"
  apt="$apt -o Dir::Cache=$folder/apt/cache -o APT::Sandbox::User=root"
  # shellcheck disable=SC2086
  apt-get $apt update -qq
  # shellcheck disable=SC2086
  (cd "$folder/debs" && apt-get $apt download -qq libc6 libstdc++6 libgcc-s1 libssl3t64 zlib1g)
  for deb in "$folder"/debs/*.deb; do dpkg-deb -x "$deb" "$folder/root"; done
  libraries="$folder/root/usr/lib/x86_64-linux-gnu"
  printf '#!/bin/sh\nexec "%s/ld-linux-x86-64.so.2" --library-path "%s" "%s" "$@"\n' \
    "$libraries" "$libraries" "$program" >"$folder/perf_analyzer"
fi
chmod +x "$folder/perf_analyzer"
"$folder/perf_analyzer" --version >/dev/null
