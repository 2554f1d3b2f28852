#!/usr/bin/env bash
# Builds the site: the page with the simulator as WebAssembly instead of nodes. Any web
# server can serve the folder.
#
#   site/build.sh [FOLDER]     builds target/site, or FOLDER
#
# If the Rust toolchain has the target wasm32-unknown-unknown
# (`rustup target add wasm32-unknown-unknown`), the script builds with it, otherwise with
# Debian's packages rustc-web, rust-web-src, cargo-web and lld-19, which it installs if it
# can. TOOLCHAIN=rustup or TOOLCHAIN=debian makes the choice.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly TARGET=wasm32-unknown-unknown
readonly PACKAGES=(rustc-web rust-web-src cargo-web lld-19)

# The site's security policy: the page runs and loads only files of its own origin, may
# compile WebAssembly, and never runs text as a program.
readonly POLICY="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
img-src 'self' data:; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

has_target() {
  command -v rustc >/dev/null && [ -d "$(rustc --print sysroot)/lib/rustlib/$TARGET" ]
}

# Installs Debian's packages if they are missing.
need_packages() {
  if dpkg -s "${PACKAGES[@]}" >/dev/null 2>&1; then
    return
  fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "WebAssembly cannot be built here: run 'rustup target add $TARGET'," \
      "or install Debian's packages ${PACKAGES[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}" >/dev/null
}

# This builds the standard library too, as Debian has it only for other targets.
build_with_debian() {
  RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-19 \
    /usr/bin/cargo build --quiet --locked --release --target "$TARGET" -Zbuild-std=std,panic_abort
}

build_wasm() {
  local toolchain=${TOOLCHAIN:-}
  if [ -z "$toolchain" ]; then
    if has_target; then toolchain=rustup; else toolchain=debian; fi
  fi
  if [ "$toolchain" = debian ]; then
    need_packages
    build_with_debian
  else
    cargo build --quiet --locked --release --target "$TARGET"
  fi
}

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
site=$(realpath -m "${1:-$target/site}")
# cargo finds the settings for WebAssembly because it starts in this folder.
export CARGO_TARGET_DIR="$target/wasm"
cd wasm
build_wasm
cargo build --quiet --locked --package cairn-bind
cd ..

rm -rf "$site.new"
mkdir -p "$site.new"
cp -r src/web/page "$site.new/page"
cp -r site/tab "$site.new/tab"
cp site/home.js "$site.new/page/home.js"
"$CARGO_TARGET_DIR/debug/cairn-bind" "$CARGO_TARGET_DIR/$TARGET/release/cairn_wasm.wasm" "$site.new/tab"
# The page itself, at the site's root, with relative addresses.
sed -e 's|"/page/|"page/|g' -e 's|href="/"|href="./"|' \
  -e "s|^<meta charset=\"utf-8\">|&\n<meta http-equiv=\"Content-Security-Policy\" content=\"$POLICY\">|" \
  "$site.new/page/index.html" > "$site.new/index.html"
rm "$site.new/page/index.html" "$site.new/page/package.json"
rm -rf "$site"
mv "$site.new" "$site"
echo "$site"
