//! Metrics as they come to where they are looked at: a node exporter that reads a folder, and a Prometheus that scrapes it, which
//! is asked what the dashboard and the alerts ask. Where one isn't installed, a test is skipped by name.

use crate::lab::lab;
use crate::{needs_program, scenario};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server of somebody else's, ended with its test.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    /// Starts one that takes any free port, and waits until it has said which, and that it is ready.
    fn start(program: &str, arguments: &[String], ready: &str) -> Served {
        let mut command = Command::new(program);
        command.args(arguments).arg("--web.listen-address=127.0.0.1:0").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut address = None;
        for line in log.by_ref().map_while(Result::ok) {
            let said = line.find("127.0.0.1:").map(|at| {
                line[at..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect::<String>()
            });
            address = said.filter(|said| !said.ends_with(":0")).or(address);
            if line.contains(ready) && address.is_some() {
                break;
            }
        }
        // What it goes on to say is read, or it would wait for somebody to.
        std::thread::spawn(move || log.for_each(drop));
        Served { process, address: address.expect("an address") }
    }

    fn node_exporter(folder: &Path) -> Served {
        let textfile = format!("--collector.textfile.directory={}", folder.display());
        let alone = ["--collector.disable-defaults", "--collector.textfile"].map(str::to_owned);
        Served::start("prometheus-node-exporter", &[&alone[..], &[textfile]].concat(), "istening on")
    }

    /// What it answers, without the head.
    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
    }

    /// What a Prometheus gives for an expression, series by series.
    fn ask(&self, expression: &str) -> Vec<Value> {
        let spelled: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer: Value = serde_json::from_str(&self.get(&format!("/api/v1/query?query={spelled}"))).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// Asks until an expression gives this number; it was scraped by then.
    #[track_caller]
    fn comes_to(&self, expression: &str, value: &str) {
        let mut last = Vec::new();
        for _ in 0..20_000 {
            last = self.ask(expression);
            if last.first().is_some_and(|series| series["value"][1] == value) {
                return;
            }
            std::thread::yield_now();
        }
        panic!("{expression} never came to {value}: {last:?}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

scenario!(two_jobs_of_one_folder_are_collected_and_the_failing_one_is_seen, |t| {
    needs_program!("prometheus-node-exporter");
    t.policy("lab.toml", &lab(""));
    t.policy("broken.toml", &lab("root = ['$TREE/b', '$TREE/none']"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a\n dir 0:4242 0775 b");
    t.sh("mkdir ../prom");
    // Two jobs of one policy, one of them twice, and one that can't read everything.
    t.run("check a -p lab.toml --report prometheus=$DIR/prom/a.prom").succeeds();
    t.run("check a -p lab.toml --report prometheus=$DIR/prom/again.prom").succeeds();
    t.run("check b -p lab.toml --report prometheus=$DIR/prom/b.prom").exits(1);
    t.run("check -p broken.toml --report prometheus=$DIR/prom/broken.prom").exits(3);
    let told = Served::node_exporter(&t.dir().join("prom")).get("/metrics");
    assert!(told.contains("node_textfile_scrape_error 0\n"), "{told}");
    for (report, status) in [("a", 0), ("again", 0), ("b", 1), ("broken", 3)] {
        let series = format!("sgidlint_exit_status{{policy=\"lab\",report=\"{report}\"}} {status}\n");
        assert!(told.contains(&series), "{series}{told}");
    }
    let never = r#"sgidlint_last_success_timestamp_seconds{policy="lab",report="broken"}"#;
    assert!(!told.contains(never) && told.contains(&never.replace("broken", "b")), "{told}");
    let series = |lint: &str| told.lines().filter(|line| line.contains(&format!("lint=\"{lint}\""))).count();
    assert!(
        series("missing-setgid") == 4 && series("missing-sticky") == 4,
        "{} {}",
        series("missing-setgid"),
        series("missing-sticky")
    );
});

scenario!(a_prometheus_that_scrapes_two_nights_shows_them_in_each_panel, |t| {
    needs_program!("prometheus-node-exporter");
    needs_program!("prometheus");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a\n file 0:0 0664 a/moved");
    t.sh("mkdir ../prom");
    let night = "check . -p lab.toml --report prometheus=$DIR/prom/lab.prom";
    t.run(night).exits(1);
    let exporter = Served::node_exporter(&t.dir().join("prom"));
    let rules = t.run("generate alerts");
    t.file("alerts.yml", rules.succeeds().stdout());
    let target = format!("{{job_name: node, static_configs: [{{targets: ['{}']}}]}}", exporter.address);
    t.file(
        "prometheus.yml",
        &format!(
            "global: {{scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 100ms}}\n\
             rule_files: [alerts.yml]\nscrape_configs: [{target}]\n"
        ),
    );
    let config = format!("--config.file={}", t.dir().join("prometheus.yml").display());
    let data = format!("--storage.tsdb.path={}", t.dir().join("data").display());
    let prometheus = Served::start("prometheus", &[config, data], "Server is ready");
    prometheus.comes_to("sum(sgidlint_findings{level=\"deny\"})", "1");
    prometheus.comes_to("sgidlint_exit_status{report=\"lab\"}", "1");
    // The second night finds one more.
    t.sh("cp -p a/moved a/too");
    t.run(night).exits(1);
    prometheus.comes_to("sum(sgidlint_findings{level=\"deny\"})", "2");
    prometheus.comes_to("max_over_time(sum(sgidlint_findings{level=\"deny\"})[10m:100ms])", "2");
    prometheus.comes_to("min_over_time(sum(sgidlint_findings{level=\"deny\"})[10m:100ms])", "1");
    let dashboard: Value = serde_json::from_str(t.run("generate dashboard").succeeds().stdout()).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        let targets = panel["targets"].as_array().unwrap();
        let asked = targets.iter().map(|target| {
            let text = target["expr"].as_str().unwrap();
            text.replace("$instance", ".*").replace("$policy", ".*").replace("$root", ".*")
        });
        let shown: usize = asked.map(|expression| prometheus.ask(&expression).len()).sum();
        assert!(shown > 0, "nothing is in the panel: {panel}");
    }
    let rules: Value = serde_json::from_str(&prometheus.get("/api/v1/rules")).unwrap();
    let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() > 5 && rules.iter().all(|rule| rule["health"] != "err"), "{rules:?}");
});
