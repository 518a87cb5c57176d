//! `check --from tar=` and `oci=`: what is cut, changed or swapped isn't taken for whole, and what can be done about findings is said.

use crate::scenario::Scenario;
use crate::{needs_program, scenario};

const POLICY: &str = "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"/data\"\nfile-mode = \"0644\"\n";

/// Makes `$DIR/image`, whose layers are these files of `$DIR`.
pub fn image(t: &Scenario, layers: &[&str]) {
    let layers = layers.join(" ");
    t.sh(&format!(
        r#"cd {dir}; rm -rf image; mkdir -p image/blobs/sha256
        put() {{ sum=$(sha256sum < "$1"); sum=${{sum%% *}}; cp "$1" image/blobs/sha256/$sum
            printf '{{"digest": "sha256:%s", "size": %s}}' $sum $(stat -c %s "$1"); }}
        all=; for layer in {layers}; do all="$all${{all:+, }}$(put $layer)"; done
        echo "{{\"layers\": [$all]}}" > manifest; echo "{{\"manifests\": [$(put manifest)]}}" > image/index.json"#,
        dir = t.dir().display()
    ));
}

/// Runs a shell script in `$DIR`.
#[track_caller]
fn script(t: &Scenario, text: &str) -> String {
    t.sh(&format!("cd {}; {text}", t.dir().display()))
}

/// The archive `a.tar` of a tree that is as the policy wants it, and what packs it.
fn packed(t: &mut Scenario) -> Vec<(&'static str, &'static str)> {
    t.policy("lab.toml", POLICY);
    t.tree("dir 0:0 0755 .\nfile 0:0 0644 a\n");
    script(t, "tar -cf a.tar -C tree .");
    let zstd = ("zstd", "zstd -q --check");
    [("gzip", "gzip"), ("xz", "xz"), zstd].into_iter().filter(|(name, _)| crate::stage::installed(name)).collect()
}

scenario!(a_packed_archive_is_read_to_its_last_byte, |t| {
    let packers = packed(t);
    for (_, pack) in &packers {
        // One member, and several, as parallel packers write them.
        for parts in ["cat a.tar |", "head -c 700 a.tar |"] {
            let rest = if parts.starts_with("head") { format!("; tail -c +701 a.tar | {pack}") } else { String::new() };
            script(t, &format!("({parts} {pack}{rest}) > p"));
            t.run("check -p lab.toml --from tar=$DIR/p --root /data").succeeds();
            for cut in [1, 3, 4, 8, 11] {
                script(t, &format!("head -c -{cut} p > cut"));
                t.run("check -p lab.toml --from tar=$DIR/cut --root /data").exits(3).mentions("byte ");
            }
        }
    }
    // The sum and the length that gzip holds the whole to; xz's last bytes; a frame's sum.
    for (name, pack) in packers {
        for from_end in if name == "gzip" { [8, 5, 4] } else { [1, 2, 3] } {
            script(t, &format!("{pack} < a.tar > p; byte=$(tail -c {from_end} p | head -c 1 | od -An -tu1)
                (head -c -{from_end} p; printf \"\\\\$(printf %03o $(( byte ^ 1 )))\"; tail -c +$(( $(stat -c %s p) - {from_end} + 2 )) p) > bad"));
            t.run("check -p lab.toml --from tar=$DIR/bad --root /data").exits(3).mentions("can't read on");
        }
    }
});

scenario!(what_stands_behind_an_archive_is_no_part_of_it_and_told, |t| {
    packed(t);
    script(t, "cat a.tar a.tar > two; (cat a.tar; head -c 50000 /dev/zero) > long");
    t.run("check -p lab.toml --from tar=$DIR/long --root /data").succeeds();
    let run = t.run("check -p lab.toml --from tar=$DIR/two --root /data");
    run.exits(3).mentions("behind the archive's end");
});

scenario!(what_is_packed_otherwise_is_named, |t| {
    needs_program!("bzip2");
    packed(t);
    script(t, "bzip2 < a.tar > b");
    t.run("check -p lab.toml --from tar=$DIR/b --root /data").exits(3).mentions("packed by bzip2, which isn't read");
});

scenario!(files_of_two_layers_are_two_files, |t| {
    packed(t);
    script(
        t,
        "mkdir -p one/app two/app; echo > one/app/a; echo > two/app/b; ln two/app/b two/app/c
        chmod 644 */app/*; tar -cf 1 -C one app; tar -cf 2 -C two --no-recursion app app/b app/c",
    );
    image(t, &["1", "2"]);
    let run = t.run("check -p lab.toml --from oci=$DIR/image --root /data --strict --format json");
    run.finds("warn hard-linked app/b none\nwarn hard-linked app/c none");
});

scenario!(a_blob_that_is_cut_or_swapped_is_not_judged_as_the_one_that_is_meant, |t| {
    for (_, pack) in [("", "cat")].into_iter().chain(packed(t)) {
        let check = |place: &str, change: &str, said: &str| {
            script(t, &format!("{pack} < a.tar > layer"));
            image(t, &["layer"]);
            t.run("check -p lab.toml --from oci=$DIR/image --root /data").succeeds();
            script(t, &format!("blob=image/blobs/sha256/$(sha256sum < {place} | cut -d' ' -f1); {change}"));
            t.run("check -p lab.toml --from oci=$DIR/image --root /data")
                .exits(3)
                .mentions("blobs/sha256/")
                .mentions(said);
        };
        // Another file by the same name, whole in itself, as long and not.
        check("layer", &format!("tar -cf - --mtime=@7 -C tree . | {pack} > other; cp other $blob"), "the blob ");
        check("layer", "(cat $blob; printf '\\0') > x; cp x $blob", "");
        check("manifest", "echo >> $blob", "should have");
        check("manifest", "sed -i s/layers/lay3rs/ $blob", "isn't the one that is meant");
    }
});

scenario!(what_can_be_done_about_an_archive_is_said_as_it_is, |t| {
    packed(t);
    script(t, "chmod 666 tree/a; tar -czf 'a b.tgz' --transform 's,^./,./x/,;s,^.$,./x,' -C tree .");
    let run = t.run("check -p lab.toml --from 'tar=../a b.tgz' --strip-components 1 --root /data");
    run.exits(1).mentions("none can be fixed in an archive");
    let said = format!("{}{}", run.stdout(), run.stderr());
    assert!(!said.contains("safely") && !said.contains("what fix would do"), "{said}");
    let hint = said.split("See what should be different: sgidlint ").nth(1).expect("a hint");
    let hint = hint.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        hint.starts_with("diff -p ") && hint.ends_with("--from 'tar=../a b.tgz' --strip-components 1 --root /data"),
        "{hint}"
    );
    t.run(&hint).exits(1).mentions("+-rw-r--r-- root root a");
    script(t, "find tree -printf '%m %U %G %n %y %i /data/%P\\0' > l");
    let run = t.run("check -p lab.toml --from 'find0=../l' --root /data");
    run.exits(1)
        .mentions("1 can be fixed safely")
        .mentions("See what fix would do: sgidlint diff")
        .mentions("--from 'find0=../l' --root /data");
    let run = t.run_under(
        "sh -c 'exec < \"../a b.tgz\"; exec \"$0\" \"$@\"'",
        "check -p lab.toml --from tar=- --strip-components 1 --root /data",
    );
    run.exits(1).mentions("with the same input: sgidlint diff");
});

scenario!(an_archive_without_its_root_says_how_to_write_one_with_it, |t| {
    packed(t);
    t.policy("lab.toml", &POLICY.replace("file-mode", "dir-mode = \"0755\"\nfile-mode"));
    script(
        t,
        "cd tree; tar -cf ../w a; tar -cf ../x --transform 's,^,x/,' --no-recursion a; tar -cf ../p --transform 's,^[.],x,' .",
    );
    let run = t.run("check -p lab.toml --from tar=$DIR/w --root /data");
    run.exits(3).mentions("no entry for the root itself").mentions("--strip-components 1");
    t.run("check -p lab.toml --from tar=$DIR/p --strip-components 1 --root /data").succeeds();
});
