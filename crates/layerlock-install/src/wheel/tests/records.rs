//! RECORD: which rows count, and which are told.

use super::*;

#[test]
fn every_strong_hash_of_a_file_has_to_be_right() {
    let content = b"x = 1\n";
    let member = RawMember {
        name: LayerPath::new("demo.py").unwrap(),
        executable: false,
        is_link: false,
        mode: None,
        method: Method::Stored,
        offset: 0,
        crc32: crc32fast::hash(content),
        size: content.len() as u64,
        compressed_size: content.len() as u64,
        archive: &content.as_slice(),
    };
    let check_rows = |rows: &str| {
        record::Record::parse(rows.as_bytes(), "demo-1.0.dist-info", 1)?.check(&member)
    };
    let check = |hash: &str| check_rows(&format!("demo.py,{hash},\n"));
    for hash in [
        format!("sha256={}", BASE64URL.encode(&Sha256::digest(content))),
        format!("sha384={}", BASE64URL.encode(&Sha384::digest(content))),
        format!("sha512={}", BASE64URL.encode(&Sha512::digest(content))),
    ] {
        // Plans compare by SHA-256, whatever RECORD has.
        assert_eq!(
            check(&hash).unwrap().digest,
            layerlock_digest::Digest::sha256_of(content)
        );
        let wrong = hash.replace(&hash[7..11], "AAAA");
        assert!(matches!(
            check(&wrong),
            Err(WheelProblem::RecordHash { name, expected, .. })
                if name == "demo.py" && expected == wrong
        ));
        // In whichever of several rows, and however the path is spelled.
        let [right, wrong] = [&hash, &wrong].map(|hash| format!("demo.py,{hash},\n"));
        assert!(check_rows(&format!("{right}{right}")).is_ok());
        assert!(check_rows(&format!("{right}{wrong}")).is_err());
        assert!(check_rows(&format!("{wrong}{right}")).is_err());
        assert!(check_rows(&format!("./{wrong}")).is_err());
        assert!(check_rows(&format!(".\\{wrong}")).is_err());
        assert!(check_rows(&format!("demo.py,md5=x,\n{wrong}")).is_err());
    }
    let hex = layerlock_digest::Digest::sha256_of(b"other").hex();
    for says_nothing in [
        "",
        "sha256",
        "sha256=",
        "sha256=AAAA",
        &format!("sha256={hex}"),
        "md5=1B2M2Y8AsgTpgAmY7PhCfg",
        "sha224=0UoCjCo6K8lHYQK7KII0xBWisB-CjqYqxbPkLw",
    ] {
        assert!(check(says_nothing).is_ok(), "{says_nothing}");
    }
}

/// An installation's RECORD lists all of its files, and itself without a hash.
#[test]
fn a_record_that_says_wrong_things_of_itself_is_not_kept() {
    let signature = format!("{}/RECORD.jws", sample().dist_info());
    let contents = verify(&sample().file(&signature, "{}").build()).unwrap();
    let own_name = format!("{}/RECORD", sample().dist_info());
    let rows: Vec<_> = contents
        .members
        .iter()
        .filter(|one| one.name != own_name)
        .map(|one| {
            let hash = one.data.digest.base64_url();
            format!("{},sha256={hash},{}\n", one.name, one.data.size)
        })
        .collect();
    let fit = |rows: &[String], own: &str| {
        let text = format!("{}{own_name},{own}\n", rows.concat());
        let record = record::Record::parse(text.as_bytes(), &sample().dist_info(), 1).unwrap();
        record.fit(&contents.members)
    };
    assert_eq!(fit(&rows, ","), RecordFit::Exact);
    assert_eq!(fit(&rows, "sha256=x,1"), RecordFit::Inexact);
    let unsigned: Vec<_> = rows
        .into_iter()
        .filter(|row| !row.contains(".jws"))
        .collect();
    assert_eq!(unsigned.len() + 2, contents.members.len());
    assert_eq!(fit(&unsigned, ","), RecordFit::Inexact);
}

#[test]
fn odd_rows_of_a_record_are_told() {
    let builder = sample();
    let record = format!("{}/RECORD", builder.dist_info());
    let flaws = |rows: &dyn Fn(&str) -> String| {
        let text = format!("{record},,\n{}", rows("demo/run"));
        let members = verify(&builder.clone().build()).unwrap().members;
        let members: Vec<_> = members
            .into_iter()
            .filter(|one| one.name == "demo/run" || one.name == record)
            .collect();
        let parsed = record::Record::parse(text.as_bytes(), &builder.dist_info(), 1).unwrap();
        match parsed.fit(&members) {
            RecordFit::Flawed(flaws) => flaws.to_string(),
            fit => panic!("{fit:?}"),
        }
    };
    let hash = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    assert_eq!(
        flaws(&|name| format!("./{name},{hash},\n")),
        "has `./demo/run` in it"
    );
    assert_eq!(
        flaws(&|name| format!("{},{hash},\n", name.replace('/', "\\"))),
        "has `demo\\\\run` in it"
    );
    assert_eq!(
        flaws(&|name| format!("{name},{hash},\n{name},{hash},\n")),
        "lists `demo/run` twice"
    );
    // As editors on Windows leave it.
    let text = format!("\u{feff}{record},,\n");
    let parsed = record::Record::parse(text.as_bytes(), &builder.dist_info(), 1).unwrap();
    let RecordFit::Flawed(told) = parsed.fit(&[]) else {
        panic!("not told");
    };
    assert_eq!(told.to_string(), format!("has `\\u{{feff}}{record}` in it"));
}

#[test]
fn rows_without_a_member_are_some_and_not_millions() {
    let parse = |rows: usize| {
        let rows: Vec<String> = (0..rows)
            .map(|number| format!("{number}.pyc,,\n"))
            .collect();
        let text = rows.concat();
        record::Record::parse(text.as_bytes(), "demo-1.0.dist-info", 10).map(drop)
    };
    let most = 10 * crate::wheel::limits::MAX_ROWS_OF_MEMBER + crate::wheel::limits::MAX_OTHER_ROWS;
    parse(most).unwrap();
    let error = parse(most + 1).unwrap_err().to_string();
    assert!(error.contains("rows for 10 members"), "{error}");
}
