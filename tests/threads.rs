//! However many threads there are, what is told and done is the same, in the same order.

use crate::lab::lab;
use crate::scenario;
use crate::scenario::Scenario;

/// How many threads are tried.
const THREADS: [u32; 4] = [1, 2, 8, 64];

/// 1,250 entries in 49 directories, wide and deep, a part of each kind wrong in its own way.
fn grow(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    t.sh("for a in 0 1 2 3 4 5 6 7; do mkdir -p $a/b/c/d $a/e $a/f; done
          for d in $(find . -type d); do for n in $(seq 25); do : >$d/s$n; done; done
          find . -type d -exec chmod 2775 {} +
          find . -type f -exec chmod 664 {} +
          chgrp -R 4242 .
          chmod 2755 0/b 3/e; chmod 775 7/b/c; chgrp 0 2 5/f
          find . -name 's*1' -exec chmod 604 {} +; find . -name 's*2' -exec chgrp 0 {} +
          chmod g-w 4/b/c/d/s*; chgrp 0 6/e/s*");
}

scenario!(any_number_of_threads_finds_the_same_in_the_same_order, |t| {
    grow(t);
    let told = |threads| {
        let json = t.run(&format!("check . -p lab.toml --format json --threads {threads}"));
        let human = t.run(&format!("check . -p lab.toml --threads {threads}"));
        let diff = t.run(&format!("diff . -p lab.toml --threads {threads}"));
        (json.exits(1).to_string(), human.to_string(), diff.to_string())
    };
    let first = told(1);
    assert!(first.0.lines().count() > 300, "{}", first.0);
    for threads in THREADS {
        assert!(told(threads) == first, "{threads} threads tell it otherwise");
    }
});

scenario!(any_number_of_threads_does_the_same_and_undoes_it, |t| {
    grow(t);
    let before = t.listing();
    let mut first = None;
    for threads in THREADS {
        let run = t.run(&format!("fix -y . -p lab.toml --unsafe-fixes --format json --threads {threads}"));
        let told = (run.exits(0).to_string(), t.listing());
        assert_ne!(told.1, before);
        t.run("check . -p lab.toml -q").is_silent();
        t.run(&format!("undo -y -q --threads {threads}")).succeeds();
        assert_eq!(t.listing(), before, "{threads} threads");
        let first = first.get_or_insert_with(|| told.clone());
        assert!(told == *first, "{threads} threads do it otherwise");
    }
});
