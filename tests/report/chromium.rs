//! A real Chromium without a window, driven by its own protocol over two pipes: no port, no driver program.
#![expect(clippy::indexing_slicing, reason = "a value of JSON is null where there is none")]
#![expect(clippy::needless_pass_by_value, reason = "every caller makes its question on the spot")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// A browser with one page.
pub(crate) struct Chromium {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    last: u64,
    session: Option<String>,
    events: Vec<Value>,
    folder: tempfile::TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let told = File::create(folder.path().join("told")).expect("a file");
        // The pipes are its descriptors 3 and 4. What it asks the network for by itself is switched off; root has no sandbox.
        let mut command = Command::new("sh");
        command.args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >&2", "sh"]);
        command.args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
        command.args(["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]);
        command.args(["--disable-sync", "--disable-extensions", "--hide-scrollbars", "--force-device-scale-factor=1"]);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        command.env("HOME", folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(told);
        let mut process = command.spawn().expect("a shell");
        let requests = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut browser = Self { process, requests, answers, last: 0, session: None, events: Vec::new(), folder };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", target);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser.resize(1280, 900);
        browser
    }

    /// One command, and its answer; what happens meanwhile is kept.
    pub(crate) fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut request = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        let sent = write!(self.requests, "{request}\0").and_then(|()| self.requests.flush());
        assert!(sent.is_ok(), "{method}: {}", self.told());
        loop {
            let message = self.read();
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        let length = self.answers.read_until(0, &mut message).unwrap_or(0);
        assert!(length > 1, "Chromium ended (`./tests/run --set-up` installs it): {}", self.told());
        serde_json::from_slice(&message[..length - 1]).expect("JSON")
    }

    /// What it said on its way out.
    fn told(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("told")).unwrap_or_default()
    }

    /// Opens a page that was written to a file, and waits until it is there.
    pub(crate) fn open(&mut self, page: &str) {
        let path = self.folder.path().join("report.html");
        std::fs::write(&path, page).expect("a file");
        self.events.clear();
        self.ask("Page.navigate", json!({ "url": format!("file://{}", path.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.read();
            self.events.push(event);
        }
    }

    /// The value of an expression, or of what it promises.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.ask("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// What the page asked the network for besides itself, what it wrote to the console, what failed in it, and what its policy
    /// kept out.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // What is laid out has asked for all that it needs.
        self.ask("Page.getLayoutMetrics", json!({}));
        let mut requests = 0;
        let of_event = |event: &Value| {
            let parameters = &event["params"];
            match event["method"].as_str()? {
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str()?;
                    requests += 1;
                    (requests > 1 || !url.starts_with("file:///")).then(|| format!("asked for {url}"))
                }
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                    Some(parameters.to_string())
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(of_event).collect()
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// What the page is shown on: `screen` or `print`, `light` or `dark`.
    pub(crate) fn emulate(&mut self, media: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    }

    /// A key that is pressed and let go.
    pub(crate) fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// Writes the whole page as a picture, as far down as pictures go.
    pub(crate) fn picture(&mut self, path: &Path) {
        let size = self.ask("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let height = size["height"].as_f64().unwrap_or(0.0).min(16_000.0);
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1 });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let data = self.ask("Page.captureScreenshot", asked)["data"].as_str().expect("a picture").to_owned();
        std::fs::write(path, BASE64_STANDARD.decode(data).expect("base64")).expect("a file");
    }

    /// The page on paper.
    pub(crate) fn print(&mut self) -> Vec<u8> {
        let asked = json!({ "printBackground": true, "landscape": true });
        let data = self.ask("Page.printToPDF", asked)["data"].as_str().expect("paper").to_owned();
        BASE64_STANDARD.decode(data).expect("base64")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
