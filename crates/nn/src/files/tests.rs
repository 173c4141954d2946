use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn refusal(path: &Path) -> String {
    let error = replace_directory(path, &[("a", "new")]).unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::Refused);
    assert_eq!(check_replaceable(path).unwrap_err().to_string(), error.to_string());
    error.to_string().replace(&path.display().to_string(), "OUT")
}

#[test]
fn a_file_is_written_and_replaced_and_nothing_is_left_over() {
    let dir = TempDir::new();
    let path = dir.path().join("a.csv");
    write_atomically(&path, b"one").unwrap();
    write_atomically(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(names(dir.path()), ["a.csv"]);
}

#[test]
fn a_file_that_cannot_be_written_says_so_and_leaves_nothing() {
    let dir = TempDir::new();
    let path = dir.path().join("none/a.csv");
    assert_eq!(write_atomically(&path, b"x").unwrap_err().kind(), DataErrorKind::Missing);
    fs::create_dir(dir.path().join("folder")).unwrap();
    assert_eq!(write_atomically(dir.path().join("folder"), b"x").unwrap_err().kind(), DataErrorKind::Io);
    assert_eq!(names(dir.path()), ["folder"]);
}

#[test]
fn a_report_replaces_a_former_report_as_a_whole() {
    let dir = TempDir::new();
    let out = dir.path().join("out");
    replace_directory(&out, &[("a", "1"), ("b", "2")]).unwrap();
    replace_directory(out.join(""), &[("b", "3")]).unwrap(); // a slash at the end changes nothing
    assert_eq!(names(&out), [MARKER, "b"]);
    assert_eq!(fs::read(out.join("b")).unwrap(), b"3");
    assert_eq!(names(dir.path()), ["out"]);
}

#[test]
fn an_empty_folder_may_be_filled() {
    let dir = TempDir::new();
    replace_directory(dir.path(), &[("a", "1")]).unwrap();
    assert_eq!(names(dir.path()), [MARKER, "a"]);
}

#[test]
fn what_no_report_wrote_is_not_replaced() {
    let dir = TempDir::new();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.tex"), "years of work").unwrap();
    let sentence = refusal(&out);
    assert_eq!(
        sentence,
        "OUT: is a folder that no report was written to (it has no list of files in .quadric-report); choose another one"
    );
    assert_eq!(names(&out), ["thesis.tex"]);
    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(refusal(&dir.path().join("file")), "OUT: is a file, not a report folder; choose another one");
    assert_eq!(names(dir.path()), ["file", "out"]);
}

#[test]
fn a_note_left_in_a_report_is_kept() {
    let dir = TempDir::new();
    let out = dir.path().join("out");
    replace_directory(&out, &[("a", "1")]).unwrap();
    fs::write(out.join("note.txt"), "rerun with β = 10").unwrap();
    let sentence = refusal(&out);
    assert_eq!(sentence, "OUT: holds note.txt, which the report did not write; move it away or choose another folder");
    assert_eq!(names(&out), [MARKER, "a", "note.txt"]);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let dir = TempDir::new();
    let out = dir.path().join("out");
    for name in ["../a", "a/b", "", ".", "..", "/etc/x", "a\nb", MARKER] {
        let error = replace_directory(&out, &[(name, "1")]).unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::Refused, "{name:?}");
    }
    assert_eq!(replace_directory(&out, &[("a", "1"), ("a", "2")]).unwrap_err().kind(), DataErrorKind::Refused);
    assert!(names(dir.path()).is_empty());
}

/// The two states that a crash can leave behind, made by hand.
#[test]
fn an_interrupted_replacement_is_made_good_by_the_next() {
    let dir = TempDir::new();
    let out = dir.path().join("out");
    replace_directory(&out, &[("a", "old")]).unwrap();
    // While the new folder was being written: the old one stands, and a half-written sibling is in nobody's way.
    fs::create_dir(dir.path().join(format!(".out.new-{}", process::id()))).unwrap();
    fs::write(dir.path().join(format!(".out.new-{}/a", process::id())), "ha").unwrap();
    replace_directory(&out, &[("a", "newer")]).unwrap();
    assert_eq!(names(dir.path()), ["out"]);
    // Between the renames: nothing at `out`, the old folder beside it. A call that then fails still restores it first.
    fs::rename(&out, dir.path().join(".out.old-1")).unwrap();
    let (parent, name) = parent_and_name(&out).unwrap();
    recover(&parent, &name, &out).unwrap();
    assert_eq!(fs::read(out.join("a")).unwrap(), b"newer");
    fs::rename(&out, dir.path().join(".out.old-1")).unwrap();
    replace_directory(&out, &[("a", "newest")]).unwrap();
    assert_eq!((names(dir.path()), fs::read(out.join("a")).unwrap()), (vec!["out".to_owned()], b"newest".to_vec()));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_report_stays_a_link() {
    let dir = TempDir::new();
    replace_directory(dir.path().join("real"), &[("a", "1")]).unwrap();
    std::os::unix::fs::symlink(dir.path().join("real"), dir.path().join("link")).unwrap();
    replace_directory(dir.path().join("link"), &[("a", "2")]).unwrap();
    assert!(dir.path().join("link").is_symlink());
    assert_eq!(fs::read(dir.path().join("real/a")).unwrap(), b"2");
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_stays_a_link() {
    let dir = TempDir::new();
    let (real, link) = (dir.path().join("far/real"), dir.path().join("link"));
    fs::create_dir(dir.path().join("far")).unwrap();
    std::os::unix::fs::symlink("far/real", &link).unwrap();
    // The first time the link points to nothing.
    for content in ["one", "two"] {
        write_atomically(&link, content.as_bytes()).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), content);
    }
    assert_eq!(
        (names(dir.path()), names(&dir.path().join("far"))),
        (vec!["far".into(), "link".into()], vec!["real".into()])
    );
}
