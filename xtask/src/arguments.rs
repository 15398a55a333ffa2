//! The command line of `cargo xtask`: its tasks, their options and the usage text.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

pub(crate) const USAGE: &str = "\
Usage: cargo xtask <task> [options]

  serve   Set up what is missing, build, and serve Cathode with live reload
          and a relay, so that browsers on this machine share notebooks.
          --port <number>   port on this machine (8080)
          --network         for other machines on the network too, over HTTPS
          --open            open the page in the default browser
          --release         optimised build
  build   Build the static site for any static host.
          --out <folder>    where to put it (dist)
          --dev             quick build without optimisation
  build-relay
          Build the relay for workerd (target/sync-worker).
  deploy-relay
          Build the relay and deploy it to Cloudflare.
          Further arguments go to wrangler; sync-worker/README.md says more.
  check   Formatting, lints (native and wasm32) and the layout tests.
  test    Everything: checks, native and Python tests, the site, Chromium.
          --quick           stop before the site and the browser
  bench   Build the site and measure it; JSON on standard output.
          Further arguments go to tests/bench/run.mjs.
  setup   Install what is missing, and nothing else.
  assets  Bring the editor bundle and the kernel's files up to date.
  loader  Write the store worker's loader and the list of files; Trunk asks for them after a build.

Environment:
  CATHODE_TOOLS   folder for trunk and wasm-bindgen (the user's cache folder)
  CATHODE_RELAY   the relay's address in the built site (`sync` beside the page)
  CHROMIUM        the Chromium that tests and benchmarks use
  CC_wasm32_unknown_unknown, AR_wasm32_unknown_unknown
                  C compiler and archiver for wasm32 (found by themselves)";

/// One thing `cargo xtask` can do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Setup,
    Assets,
    Loader,
    Serve(ServeOptions),
    Build(BuildOptions),
    BuildRelay,
    DeployRelay { arguments: Vec<String> },
    Check,
    Test(TestOptions),
    Bench { arguments: Vec<String> },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServeOptions {
    pub(crate) port: u16,
    pub(crate) network: bool,
    pub(crate) open: bool,
    pub(crate) profile: Profile,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BuildOptions {
    pub(crate) out: PathBuf,
    pub(crate) profile: Profile,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestOptions {
    pub(crate) scope: Scope,
}

/// How much the compiler should optimise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// How far `test` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    WithoutBrowser,
    Everything,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { out: PathBuf::from("dist"), profile: Profile::Release }
    }
}

impl Task {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut arguments = arguments.into_iter();
        let Some(task) = arguments.next() else {
            return Ok(Self::Help);
        };
        match task.as_str() {
            "help" | "-h" | "--help" => Ok(Self::Help),
            "setup" => without_options(arguments, Self::Setup),
            "assets" => without_options(arguments, Self::Assets),
            "loader" => without_options(arguments, Self::Loader),
            "build-relay" => without_options(arguments, Self::BuildRelay),
            "deploy-relay" => Ok(Self::DeployRelay { arguments: arguments.collect() }),
            "check" => without_options(arguments, Self::Check),
            "serve" => parse_serve(arguments).map(Self::Serve),
            "build" => parse_build(arguments).map(Self::Build),
            "test" => parse_test(arguments).map(Self::Test),
            "bench" => Ok(Self::Bench { arguments: arguments.collect() }),
            other => bail!("there is no task `{other}`\n\n{USAGE}"),
        }
    }
}

fn without_options(mut arguments: impl Iterator<Item = String>, task: Task) -> Result<Task> {
    match arguments.next() {
        None => Ok(task),
        Some(option) => Err(unknown(&option)),
    }
}

fn parse_serve(mut arguments: impl Iterator<Item = String>) -> Result<ServeOptions> {
    let mut options = ServeOptions { port: 8080, network: false, open: false, profile: Profile::Dev };
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--port" => {
                let port = value(&mut arguments, "--port")?;
                options.port = port.parse().with_context(|| format!("`{port}` is not a port number"))?;
            }
            "--network" => options.network = true,
            "--open" => options.open = true,
            "--release" => options.profile = Profile::Release,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(options)
}

fn parse_build(mut arguments: impl Iterator<Item = String>) -> Result<BuildOptions> {
    let mut options = BuildOptions::default();
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--out" => options.out = PathBuf::from(value(&mut arguments, "--out")?),
            "--dev" => options.profile = Profile::Dev,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(options)
}

fn parse_test(arguments: impl Iterator<Item = String>) -> Result<TestOptions> {
    let mut options = TestOptions { scope: Scope::Everything };
    for option in arguments {
        match option.as_str() {
            "--quick" => options.scope = Scope::WithoutBrowser,
            _ => return Err(unknown(&option)),
        }
    }
    Ok(options)
}

fn value(arguments: &mut impl Iterator<Item = String>, option: &str) -> Result<String> {
    arguments.next().with_context(|| format!("`{option}` needs a value"))
}

fn unknown(option: &str) -> anyhow::Error {
    anyhow::anyhow!("unknown option `{option}`\n\n{USAGE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Task> {
        Task::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_reach_their_task() {
        let serve = Task::Serve(ServeOptions { port: 9000, network: true, open: true, profile: Profile::Release });
        assert_eq!(parse("serve --port 9000 --network --open --release").unwrap(), serve);
        let build = Task::Build(BuildOptions { out: PathBuf::from("site"), profile: Profile::Dev });
        assert_eq!(parse("build --dev --out site").unwrap(), build);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, mistake) in [
            ("srve", "no task `srve`"),
            ("serve --prot 1", "unknown option `--prot`"),
            ("serve --port", "`--port` needs a value"),
            ("serve --port many", "`many` is not a port number"),
            ("check --fast", "unknown option `--fast`"),
        ] {
            let message = parse(line).unwrap_err().to_string();
            assert!(message.contains(mistake), "{line}: {message}");
        }
    }
}
