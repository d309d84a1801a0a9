#!/bin/sh
# Installs dist/grokdesk (after `make build`) with its menu entry and icons.
#   packaging/linux/install.sh                    for you alone, into ~/.local
#   packaging/linux/install.sh /usr/local         for everybody, as root
#   packaging/linux/install.sh --remove [PREFIX]  your data stays where it is
set -eu
cd "$(dirname "$0")/../.."

id=io.github.grokdesk.Grokdesk
remove=false
if [ "${1:-}" = --remove ]; then
    remove=true
    shift
fi
prefix=${1:-$HOME/.local}
program=$prefix/lib/grokdesk
share=$prefix/share

rm -rf "$program"
rm -f "$prefix/bin/grokdesk" "$share/applications/$id.desktop" "$share/metainfo/$id.metainfo.xml"
rm -f "$share"/icons/hicolor/*/apps/"$id".png "$share/icons/hicolor/scalable/apps/$id.svg"

if ! $remove; then
    [ -x dist/grokdesk/grokdesk ] || { echo "There is no dist/grokdesk yet: make build" >&2; exit 1; }
    mkdir -p "$prefix/bin" "$prefix/lib"
    cp -R dist/grokdesk "$program"
    ln -s ../lib/grokdesk/grokdesk "$prefix/bin/grokdesk"
    # The session's PATH may not hold the prefix, so the menu entry names the whole path.
    mkdir -p "$share/applications"
    sed "s|^Exec=grokdesk|Exec=\"$program/grokdesk\"|" "packaging/linux/$id.desktop" \
        >"$share/applications/$id.desktop"
    install -D -m 644 "packaging/linux/$id.metainfo.xml" "$share/metainfo/$id.metainfo.xml"
    install -D -m 644 resources/icons/grokdesk.svg "$share/icons/hicolor/scalable/apps/$id.svg"
    for icon in resources/icons/app/grokdesk-*.png; do
        size=${icon##*-}
        size=${size%.png}
        install -D -m 644 "$icon" "$share/icons/hicolor/${size}x$size/apps/$id.png"
    done
    echo "Installed: $prefix/bin/grokdesk"
fi

refresh() {
    if command -v "$1" >/dev/null; then "$@" 2>/dev/null || true; fi
}
refresh update-desktop-database -q "$share/applications"
refresh gtk-update-icon-cache -qtf "$share/icons/hicolor"
