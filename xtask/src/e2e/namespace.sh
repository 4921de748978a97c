# Runs a command in a root of its own that looks like Lambda's, inside a mount
# namespace: the system's programs and libraries, Python in /var/lang, the layer in
# /opt, the function in /var/task, the runtime's packages in /var/runtime. Everything
# but /tmp is read-only or the system's; the host's own /opt, /home and /var are absent.
#
# usage: namespace.sh ROOT LANG OPT TASK RUNTIME [NAME=VALUE...] COMMAND...
set -eu
root=$1 lang=$2 opt=$3 task=$4 runtime=$5
shift 5

mount -t tmpfs -o mode=0755 tmpfs "$root"
for name in bin etc lib lib32 lib64 sbin usr dev proc; do
    if [ -L "/$name" ]; then
        cp -P "/$name" "$root/$name"
    elif [ -d "/$name" ]; then
        mkdir "$root/$name"
        mount --rbind "/$name" "$root/$name"
    fi
done
mkdir -m 1777 "$root/tmp"

attach() {
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    mount -o remount,bind,ro "$root$2"
}
attach "$lang" /var/lang
# Lambda has its own packages here; this machine's must not be seen.
for packages in "$root"/var/lang/lib/python3*/site-packages "$root"/var/lang/lib/python3*/dist-packages; do
    if [ -d "$packages" ]; then
        mount --bind "$runtime" "$packages"
    fi
done
attach "$opt" /opt
attach "$task" /var/task
attach "$runtime" /var/runtime

exec chroot "$root" /usr/bin/env -i "$@"
