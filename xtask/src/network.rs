//! The site for other machines on the network: they need an encrypted address, since browsers keep storage and locks
//! from pages that come in the clear.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::executable::on_path;
use crate::packages::{self, Wanted};
use crate::process::run;
use crate::workspace::Workspace;

const WANTED: Wanted = Wanted {
    what: "openssl, which makes the certificate",
    estimate: "about 10 s",
    apt: &[&["openssl"]],
    dnf: "openssl",
    pacman: "openssl",
    brew: "openssl",
};

/// A certificate of this machine's own, which each browser asks about once.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Returns this machine's address on its network.
pub(crate) fn address() -> Result<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    // Nothing is sent: the system only says from which of its addresses it would be.
    socket.connect(("192.0.2.1", 9)).context("this machine is on no network")?;
    Ok(socket.local_addr()?.ip())
}

/// Returns a certificate for an address; makes it where there is none yet.
pub(crate) fn certificate(workspace: &Workspace, address: IpAddr) -> Result<Certificate> {
    let folder = workspace.path(&format!("target/network/{address}"));
    let made = Certificate { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    if made.certificate.is_file() && made.key.is_file() {
        return Ok(made);
    }
    if on_path("openssl").is_none() {
        packages::install(workspace, &WANTED)?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365"])
        .args(["-subj", "/CN=Cathode", "-addext", &format!("subjectAltName=IP:{address},DNS:localhost")])
        .arg("-keyout")
        .arg(&made.key)
        .arg("-out")
        .arg(&made.certificate);
    run(&mut command)?;
    Ok(made)
}
