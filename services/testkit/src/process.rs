//! One process of the real binary, with its log.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// Becomes the program that it is given, without the sockets that a mock broker of this process has accepted: librdkafka lets children
/// inherit them, and what a child holds open does not close when the broker goes down.
const WITHOUT_INHERITED_SOCKETS: &str = r#"
for fd in /proc/self/fd/*; do fd=${fd##*/}; ((fd > 2)) && eval "exec $fd>&-"; done
exec "$@"
"#;

/// A running `evcharging` sub-command. Ends with the test.
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    child: Child,
    /// They end with the process, once they have read what it printed last.
    readers: Vec<JoinHandle<()>>,
    lines: Arc<Mutex<Vec<String>>>,
    /// What it printed before it was started anew.
    earlier: Vec<String>,
}

impl Process {
    /// Starts `evcharging ARGUMENTS`.
    pub fn start(name: &str, arguments: &[String]) -> Self {
        Self::start_program(name, &binary("evcharging"), arguments)
    }

    /// Starts another program of the same build.
    pub fn start_tool(program: &str, arguments: &[String]) -> Self {
        Self::start_program(program, &binary(program), arguments)
    }

    /// Starts another program.
    pub fn start_program(name: &str, program: &Path, arguments: &[String]) -> Self {
        let mut child = Command::new("bash")
            .args(["-c", WITHOUT_INHERITED_SOCKETS, name])
            .arg(program)
            .args(arguments)
            .env("EVCHARGING_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let readers = vec![
            collect(child.stdout.take().expect("piped"), lines.clone()),
            collect(child.stderr.take().expect("piped"), lines.clone()),
        ];
        Self {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments: arguments.to_vec(),
            child,
            readers,
            lines,
            earlier: Vec::new(),
        }
    }

    /// What it was started with.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        self.lines.lock().expect("no test panics with the log").join("\n")
    }

    /// The same with what it printed before it was started anew.
    pub fn whole_output(&self) -> String {
        format!("{}\n{}", self.earlier.join("\n"), self.output())
    }

    /// Waits for a line that contains `text`.
    ///
    /// # Panics
    /// When it ends, or 30 seconds pass, without one.
    pub fn wait_for_line(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let found = self.lines.lock().expect("no panic").iter().find(|line| line.contains(text)).cloned();
            if let Some(line) = found {
                return line;
            }
            let ended = self.child.try_wait().expect("a child").is_some();
            assert!(
                !ended && Instant::now() < deadline,
                "{} never said {text:?}:\n{}",
                self.name,
                self.output()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address in the line that says where it listens.
    pub fn address(&mut self) -> String {
        let line = self.wait_for_line("address=");
        let address =
            line.split("address=").nth(1).expect("an address in the line").split_whitespace().next();
        address.expect("an address").to_owned()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// kill -9, and the same again.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        let mut anew = Self::start_program(&self.name, &self.program, &self.arguments);
        std::mem::swap(self, &mut anew);
        self.earlier = std::mem::take(&mut anew.earlier);
        self.earlier.append(&mut anew.lines.lock().expect("no test panics with the log"));
    }

    /// Starts anew what was killed.
    pub fn restart(&mut self) {
        self.kill_and_restart();
    }

    /// SIGSTOP: it lives and does nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Asks for an orderly end, as Kubernetes does.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Freezes or thaws it and every process that it started.
    pub fn signal_all(&self, signal: Signal) {
        for pid in children_of(self.child.id()) {
            // One may have ended meanwhile.
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, signal));
        }
        self.signal(signal);
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Waits for its end and tells the exit code.
    ///
    /// # Panics
    /// When it does not end within `patience`.
    pub fn wait(&mut self, patience: Duration) -> i32 {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                // What it started may hold its output open, and is not waited for.
                let read_until = Instant::now() + Duration::from_secs(2);
                while !self.readers.iter().all(JoinHandle::is_finished) && Instant::now() < read_until {
                    std::thread::sleep(Duration::from_millis(5));
                }
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "{} did not end:\n{}", self.name, self.output());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("our own child takes signals");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- {} said:\n{}", self.name, self.output());
        }
    }
}

fn children_of(parent: u32) -> Vec<i32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn collect(stream: impl std::io::Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().expect("no panic").push(line);
        }
    })
}

/// A program of the same build as this test.
fn binary(program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.parent().expect("a program is in a folder");
    // Tests are in target/PROFILE/deps, programs a folder higher.
    let folder = if folder.ends_with("deps") { folder.parent().expect("target/PROFILE") } else { folder };
    let binary = folder.join(program);
    assert!(
        binary.exists(),
        "{} is missing: `cargo build -p {program}` makes it, as `make test` does",
        binary.display()
    );
    binary
}
