//! The zip archive, as far as numpy writes it: members stored or deflated, with the fields of 64 bits.
//!
//! What is read is what the central directory at the end lists ([APPNOTE 6.3.10], §4.3); each member is checked against its size and its checksum. Offsets and
//! sizes are claims, and each is looked up with care; nothing is allocated on their word.
//!
//! Considered and set aside: the crate `zip`, which without its default features still brings `libc`, `getrandom`, `zeroize` and five more
//! for what is a page here.
//!
//! [APPNOTE 6.3.10]: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::{DataError, DataErrorKind};

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;

/// The members of an archive in the order of its directory: names and contents.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let file = File { path, bytes };
    if !bytes.starts_with(b"PK\x03\x04") && !bytes.starts_with(END) {
        let fault = "does not start with PK\\x03\\x04, so it is no zip archive";
        return Err(DataError::at(path, DataErrorKind::WrongMagic, fault));
    }
    let (mut at, entries) = file.directory()?;
    let (mut members, mut names) = (Vec::new(), BTreeSet::new());
    for _ in 0..entries {
        let (name, content, next) = file.member(at)?;
        if !names.insert(name.clone()) {
            return Err(DataError::at(path, DataErrorKind::Malformed, format_args!("two members are called {name}")));
        }
        members.push((name, content));
        at = next;
    }
    Ok(members)
}

struct File<'a> {
    path: &'a Path,
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// `size` bytes from `at` on, which hold `what`.
    fn slice(&self, what: &str, at: u64, size: u64) -> Result<&'a [u8], DataError> {
        let range = usize::try_from(at).ok().zip(at.checked_add(size).and_then(|end| usize::try_from(end).ok()));
        range.and_then(|(start, end)| self.bytes.get(start..end)).ok_or_else(|| {
            let have = self.bytes.len();
            let fault = format_args!("the {what} at byte {at} takes {size} bytes, and the file has {have}");
            DataError::at(self.path, DataErrorKind::Truncated, fault)
        })
    }

    /// As [`slice`](File::slice), beginning with these four bytes.
    fn record(&self, what: &str, magic: &[u8], at: u64, size: u64) -> Result<&'a [u8], DataError> {
        let record = self.slice(what, at, size)?;
        if !record.starts_with(magic) {
            let fault = format_args!("there is no {what} at byte {at}");
            return Err(DataError::at(self.path, DataErrorKind::Malformed, fault));
        }
        Ok(record)
    }

    /// Where the directory begins, and how many entries it has.
    fn directory(&self) -> Result<(u64, u64), DataError> {
        // The end record is the last thing in the file but for a comment of at most 65535 bytes, whose length it holds.
        let is_end = |&at: &usize| {
            let record = &self.bytes[at..];
            record.starts_with(END) && END_SIZE + number(record, 20, 2) as usize == record.len()
        };
        let last = self.bytes.len().checked_sub(END_SIZE);
        let end = last.and_then(|last| (last.saturating_sub(0xffff)..=last).rev().find(is_end));
        let Some(end) = end else {
            let fault = format_args!("ends after {} bytes without the directory of a zip archive", self.bytes.len());
            return Err(DataError::at(self.path, DataErrorKind::Truncated, fault));
        };
        let record = &self.bytes[end..];
        let (entries, start) = (number(record, 10, 2), number(record, 16, 4));
        if entries != 0xffff && start != 0xffff_ffff {
            return Ok((start, entries));
        }
        let locator = (end as u64).checked_sub(20).unwrap_or(u64::MAX);
        let locator = self.record("zip64 locator", b"PK\x06\x07", locator, 20)?;
        let wide = self.record("zip64 end record", b"PK\x06\x06", number(locator, 8, 8), 56)?;
        Ok((number(wide, 48, 8), number(wide, 32, 8)))
    }

    /// Name and content of the member whose directory entry is at `at`, and where the next entry is.
    fn member(&self, at: u64) -> Result<(String, Vec<u8>, u64), DataError> {
        let entry = self.record("directory entry", b"PK\x01\x02", at, 46)?;
        let (flags, method, checksum) = (number(entry, 8, 2), number(entry, 10, 2), number(entry, 16, 4) as u32);
        let (mut packed, mut size) = (number(entry, 20, 4), number(entry, 24, 4));
        let (name_size, extra_size, comment_size) = (number(entry, 28, 2), number(entry, 30, 2), number(entry, 32, 2));
        let mut local = number(entry, 42, 4);
        let name = String::from_utf8_lossy(self.slice("name", at + 46, name_size)?).into_owned();
        // The wide fields stand in the extra field with number 1, those that the entry has no room for, in this order.
        let mut extra = self.slice("extra field", at + 46 + name_size, extra_size)?;
        while let Some((header, rest)) = extra.split_at_checked(4) {
            let (content, rest) = rest.split_at_checked(number(header, 2, 2) as usize).unwrap_or((rest, &[]));
            if number(header, 0, 2) == 1 {
                let mut wide = content.as_chunks::<8>().0.iter().map(|&bytes| u64::from_le_bytes(bytes));
                for field in [&mut size, &mut packed, &mut local] {
                    if *field == 0xffff_ffff {
                        *field = wide.next().unwrap_or(*field);
                    }
                }
            }
            extra = rest;
        }
        let fault = |kind, fault: &str| Err(DataError::at(self.path, kind, format_args!("member {name}: {fault}")));
        if flags & 1 == 1 {
            return fault(DataErrorKind::Unsupported, "is encrypted");
        }
        let header = self.record("member", b"PK\x03\x04", local, 30)?;
        let start = local + 30 + number(header, 26, 2) + number(header, 28, 2);
        let content = self.slice("content of a member", start, packed)?;
        let content = match method {
            0 => content.to_vec(),
            8 => {
                let mut inflated = Vec::new();
                let stream = DeflateDecoder::new(content).take(size.saturating_add(1)).read_to_end(&mut inflated);
                if let Err(error) = stream {
                    return fault(DataErrorKind::Malformed, &format!("not a sound deflate stream: {error}"));
                }
                inflated
            }
            other => {
                return fault(
                    DataErrorKind::Unsupported,
                    &format!("is packed by method {other}, and 0 and 8 are read here"),
                );
            }
        };
        if content.len() as u64 != size {
            let text = format!("holds {} bytes, the directory promises {size}", content.len());
            return fault(DataErrorKind::Mismatch, &text);
        }
        if crc(&content) != checksum {
            return fault(DataErrorKind::Malformed, "does not have a matching checksum");
        }
        Ok((name, content, at + 46 + name_size + extra_size + comment_size))
    }
}

/// The little-endian number of `size` bytes at `at`, which exist.
fn number(record: &[u8], at: usize, size: usize) -> u64 {
    record[at..at + size].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn crc(content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(content);
    crc.sum()
}

/// The archive with these members, deflated if asked for; equal members give equal bytes.
///
/// # Errors
/// [`DataErrorKind::Unsupported`] for 4 GiB or 65535 members and more, which would take the fields of 64 bits.
pub(super) fn write(path: &Path, members: &[(String, Vec<u8>)], deflate: bool) -> Result<Vec<u8>, DataError> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    let too_large = || DataError::at(path, DataErrorKind::Unsupported, "4 GiB and more are not written to one archive");
    let narrow = |size: usize| u32::try_from(size).ok().filter(|&size| size < u32::MAX).ok_or_else(too_large);
    for (name, content) in members {
        let packed = if deflate {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            let packed = encoder.write_all(content).and_then(|()| encoder.finish());
            packed.map_err(|error| DataError::io(path, "pack", error))?
        } else {
            content.clone()
        };
        let name_size = u16::try_from(name.len()).map_err(|_| too_large())?;
        // Version 2.0, names in UTF-8, the first of January 1980.
        let mut common = vec![20, 0, 0, 8, if deflate { 8 } else { 0 }, 0, 0, 0, 0x21, 0];
        common.extend(crc(content).to_le_bytes());
        common.extend(narrow(packed.len())?.to_le_bytes());
        common.extend(narrow(content.len())?.to_le_bytes());
        common.extend(name_size.to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(narrow(bytes.len())?.to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(common);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
    }
    let count = u16::try_from(members.len()).ok().filter(|&count| count < u16::MAX).ok_or_else(too_large)?;
    let (start, size) = (narrow(bytes.len())?, narrow(directory.len())?);
    bytes.extend(directory);
    bytes.extend(END);
    bytes.extend([0; 4]);
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    Ok(bytes)
}
