//! A disk in memory, as a VFS of SQLite: it records what is written and flushed, and it can be full.
//!
//! Each test thread has its own disk.
#![expect(unsafe_code, reason = "a VFS is a table of C functions")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

/// The name of the VFS.
pub(crate) const NAME: &str = "disk";

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What was done to a file.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Create { file: String },
    Write { file: String, at: usize, bytes: Vec<u8> },
    Truncate { file: String, size: usize },
    Flush { file: String },
    Delete { file: String },
}

#[derive(Default)]
struct Disk {
    files: Files,
    record: Option<Vec<Op>>,
    refusal: Option<c_int>,
    open: Vec<String>,
}

thread_local! {
    static DISK: RefCell<Disk> = RefCell::default();
}

fn with<T>(use_it: impl FnOnce(&mut Disk) -> T) -> T {
    DISK.with_borrow_mut(use_it)
}

/// Puts these files on the disk, in place of all others.
pub(crate) fn load(files: Files) {
    register();
    with(|disk| *disk = Disk { files, ..Disk::default() });
}

/// Begins to record.
pub(crate) fn record() {
    with(|disk| disk.record = Some(Vec::new()));
}

/// Returns how much has been recorded.
pub(crate) fn recorded() -> usize {
    with(|disk| disk.record.as_ref().map_or(0, Vec::len))
}

/// Ends the recording and returns it.
pub(crate) fn take_record() -> Vec<Op> {
    with(|disk| disk.record.take()).unwrap_or_default()
}

/// From now on every write fails with this code of SQLite; `None`: it works again.
pub(crate) fn refuse_writes(code: Option<c_int>) {
    with(|disk| disk.refusal = code);
}

/// Returns the files.
pub(crate) fn files() -> Files {
    with(|disk| disk.files.clone())
}

/// Does to files what was done to the disk.
pub(crate) fn perform(files: &mut Files, op: &Op) {
    match op {
        Op::Create { file } => drop(files.entry(file.clone()).or_default()),
        Op::Write { file, at, bytes } => {
            let content = files.entry(file.clone()).or_default();
            if content.len() < at + bytes.len() {
                content.resize(at + bytes.len(), 0);
            }
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Op::Truncate { file, size } => {
            if let Some(content) = files.get_mut(file) {
                content.truncate(*size);
            }
        }
        Op::Flush { .. } => {}
        Op::Delete { file } => drop(files.remove(file)),
    }
}

impl Disk {
    fn act(&mut self, op: Op) -> c_int {
        if let Some(code) = self.refusal.filter(|_| matches!(op, Op::Write { .. })) {
            return code;
        }
        perform(&mut self.files, &op);
        if let Some(record) = &mut self.record {
            record.push(op);
        }
        ffi::SQLITE_OK
    }
}

#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// Its place in [`Disk::open`].
    handle: usize,
}

/// Returns the name of an open file.
///
/// # Safety
/// `file` was set up by [`open`].
unsafe fn name(file: *mut ffi::sqlite3_file) -> String {
    // SAFETY: `open` made a `File` of it.
    let handle = unsafe { (*file.cast::<File>()).handle };
    with(|disk| disk.open[handle].clone())
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    if path.is_null() {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite passes a C string that lives as long as the call.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned();
    let handle = with(|disk| {
        if !disk.files.contains_key(&path) {
            if flags & ffi::SQLITE_OPEN_CREATE == 0 {
                return None;
            }
            disk.act(Op::Create { file: path.clone() });
        }
        disk.open.push(path);
        Some(disk.open.len() - 1)
    });
    let methods = if handle.is_some() { &raw const METHODS } else { ptr::null() };
    let base = ffi::sqlite3_file { pMethods: methods };
    // SAFETY: SQLite gives room for `szOsFile` bytes, which is the size of `File`.
    unsafe { file.cast::<File>().write(File { base, handle: handle.unwrap_or_default() }) };
    if !out_flags.is_null() {
        // SAFETY: it is not null, so it points at an int.
        unsafe { *out_flags = flags };
    }
    if handle.is_some() { ffi::SQLITE_OK } else { ffi::SQLITE_CANTOPEN }
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, path: *const c_char, _flush: c_int) -> c_int {
    // SAFETY: SQLite passes a C string.
    let file = unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned();
    with(
        |disk| {
            if disk.files.contains_key(&file) { disk.act(Op::Delete { file }) } else { ffi::SQLITE_IOERR_DELETE_NOENT }
        },
    )
}

unsafe extern "C" fn access(_vfs: *mut ffi::sqlite3_vfs, path: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: SQLite passes a C string.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned();
    let there = with(|disk| match disk.files.get(&path) {
        // SQLite counts an empty file as missing where it asks for existence.
        Some(content) => flags != ffi::SQLITE_ACCESS_EXISTS || !content.is_empty(),
        None => false,
    });
    // SAFETY: SQLite passes a pointer to an int.
    unsafe { *out = c_int::from(there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a C string and room for `size` bytes.
    unsafe {
        let path = CStr::from_ptr(path).to_bytes_with_nul();
        if path.len() > usize::try_from(size).unwrap() {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(path.as_ptr().cast(), out, path.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, size: c_int, out: *mut c_char) -> c_int {
    thread_local! {
        static CALLS: RefCell<u8> = const { RefCell::new(0) };
    }
    let call = CALLS.with_borrow_mut(|calls| {
        *calls = calls.wrapping_add(1);
        *calls
    });
    // SAFETY: SQLite passes room for `size` bytes.
    unsafe { ptr::write_bytes(out.cast::<u8>(), call, usize::try_from(size).unwrap()) };
    size
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, _micros: c_int) -> c_int {
    0
}

unsafe extern "C" fn time(_vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite passes a pointer to a double.
    unsafe { *out = 2_460_000.5 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, out: *mut c_void, size: c_int, at: i64) -> c_int {
    // SAFETY: `open` set the file up.
    let file = unsafe { name(file) };
    let (size, at) = (usize::try_from(size).unwrap(), usize::try_from(at).unwrap());
    with(|disk| {
        let content = disk.files.get(&file).map_or(&[][..], Vec::as_slice);
        let found = content.get(at..).unwrap_or_default();
        let found = &found[..found.len().min(size)];
        // SAFETY: SQLite passes room for `size` bytes.
        unsafe {
            ptr::write_bytes(out.cast::<u8>(), 0, size);
            ptr::copy_nonoverlapping(found.as_ptr(), out.cast::<u8>(), found.len());
        }
        if found.len() == size { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
    })
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, bytes: *const c_void, size: c_int, at: i64) -> c_int {
    // SAFETY: `open` set the file up.
    let file = unsafe { name(file) };
    // SAFETY: SQLite passes `size` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(size).unwrap()) };
    with(|disk| disk.act(Op::Write { file, at: usize::try_from(at).unwrap(), bytes: bytes.to_vec() }))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: `open` set the file up.
    let file = unsafe { name(file) };
    with(|disk| disk.act(Op::Truncate { file, size: usize::try_from(size).unwrap() }))
}

unsafe extern "C" fn flush(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: `open` set the file up.
    let file = unsafe { name(file) };
    with(|disk| disk.act(Op::Flush { file }))
}

unsafe extern "C" fn size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: `open` set the file up.
    let file = unsafe { name(file) };
    let size = with(|disk| disk.files.get(&file).map_or(0, Vec::len));
    // SAFETY: SQLite passes a pointer to an integer.
    unsafe { *out = i64::try_from(size).unwrap() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(_file: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn is_reserved(_file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite passes a pointer to an int.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_file: *mut ffi::sqlite3_file, _op: c_int, _arg: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    0
}

// Version 1: no shared memory, as in a browser.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(flush),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn register() {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: c_int::try_from(size_of::<File>()).unwrap(),
            mxPathname: 256,
            pNext: ptr::null_mut(),
            zName: c"disk".as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(time),
            xGetLastError: None,
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the VFS lives for ever, and its functions keep to SQLite's contract.
        assert_eq!(unsafe { ffi::sqlite3_vfs_register(vfs, 0) }, ffi::SQLITE_OK);
    });
}
