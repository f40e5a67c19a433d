//! `evcharging-load` on a network that runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use evcharging_testkit::Process;

#[test]
fn a_load_ends_with_its_latencies_and_a_ledger_that_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data").display().to_string();
    let up = ["up", "--charge-points", "0", "--drivers", "0", "--base-port", "0", "--data-dir", &data_dir];
    let mut up = Process::start("up", &up.map(str::to_owned));
    up.wait_for_line("Ctrl-C stops it");
    for more in [["--by", "kafka"], ["--rate", "5"]] {
        let flags = ["--data-dir", &data_dir, "--drivers", "3", "--seconds", "2", "--supply-ms", "300"];
        let flags = [&flags[..], &more[..]].concat();
        let flags: Vec<String> = flags.into_iter().map(str::to_owned).collect();
        let mut load = Process::start_tool("evcharging-load", &flags);
        assert_eq!(load.wait(Duration::from_secs(60)), 0, "{}", load.output());
        let said = load.output();
        assert!(said.contains("request to answer") && said.contains("The ledger adds up"), "{said}");
    }
    up.interrupt();
    assert_eq!(up.wait(Duration::from_secs(30)), 0, "{}", up.output());
}
