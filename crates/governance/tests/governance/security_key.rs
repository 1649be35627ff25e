//! Signatures of a FIDO security key. The token is played here, after OpenSSH's PROTOCOL.u2f; that
//! it is played right is judged by `ssh-keygen`.

use ed25519_dalek::{Signer as _, SigningKey};
use ios012_governance::{Namespace, Roles, verify_signature};
use ios012_lineage::sha256;
use ssh_key::public::{Ed25519PublicKey, KeyData, SkEd25519};
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

use crate::base64::encode;
use crate::support::{COMMAND, FROM, UNTIL, key_row, make_key, oracle, person_row, roles_text};

struct Token {
    secret: SigningKey,
    public: PublicKey,
}

impl Token {
    /// Its secret is one that `ssh-keygen` made.
    fn make(application: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("token");
        make_key(&path, "ed25519");
        let text = std::fs::read(path).expect("a private key");
        let key = PrivateKey::from_openssh(text).expect("an OpenSSH key");
        let pair = key.key_data().ed25519().expect("an Ed25519 key").clone();
        let public = SkEd25519::new(Ed25519PublicKey(pair.public.0), application);
        Self {
            secret: SigningKey::from_bytes(&pair.private.to_bytes()),
            public: PublicKey::from(KeyData::SkEd25519(public)),
        }
    }

    fn sign(&self, application: &str, flags: u8, counter: u32, message: &[u8]) -> Vec<u8> {
        let data = SshSig::signed_data(COMMAND, HashAlg::Sha512, message).expect("signed data");
        let mut blob = sha256(application.as_bytes()).as_bytes().to_vec();
        blob.push(flags);
        blob.extend(counter.to_be_bytes());
        blob.extend(sha256(&data).as_bytes());
        let mut raw = self.secret.sign(&blob).to_bytes().to_vec();
        raw.push(flags);
        raw.extend(counter.to_be_bytes());
        let signature = Signature::new(Algorithm::SkEd25519, raw).expect("a signature");
        let key = self.public.key_data().clone();
        let signature = SshSig::new(key, COMMAND, HashAlg::Sha512, signature).expect("a signature");
        signature
            .to_pem(LineEnding::LF)
            .expect("armour")
            .into_bytes()
    }

    /// The same secret as a key without a token.
    fn plain(self) -> Self {
        let point = self.secret.verifying_key().to_bytes();
        Self {
            public: PublicKey::from(KeyData::Ed25519(Ed25519PublicKey(point))),
            ..self
        }
    }

    /// An armoured signature over `text` by the plain key, put together from PROTOCOL.sshsig.
    fn by_hand(&self, reserved: &[u8], reserved_as_signed: &[u8]) -> Vec<u8> {
        let string = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).expect("a short text");
            [&length.to_be_bytes(), bytes].concat()
        };
        let body = |reserved: &[u8], last: &[u8]| {
            let names = [COMMAND.as_bytes(), reserved, b"sha256"].map(string);
            [names.concat().as_slice(), last].concat()
        };
        let message_hash = sha256(b"text");
        let data = body(reserved_as_signed, &string(message_hash.as_bytes()));
        let raw = self.secret.sign(&[b"SSHSIG", data.as_slice()].concat());
        let signature = string(&[string(b"ssh-ed25519"), string(&raw.to_bytes())].concat());
        let key = string(&self.public.to_bytes().expect("a key"));
        let body = body(reserved, &signature);
        let content = [b"SSHSIG\0\0\0\x01".as_slice(), &key, &body].concat();
        let lines: Vec<String> = encode(&content)
            .as_bytes()
            .chunks(70)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        let lines = lines.join("\n");
        format!("-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n")
            .into_bytes()
    }

    /// What we say of a signature over `text`, and whether OpenSSH takes it.
    fn judge(&self, armour: &[u8]) -> (Result<String, &'static str>, bool) {
        let roles = self.roles();
        let ours = verify_signature(&roles, Namespace::Command, b"text", armour, &[]);
        let signers = roles.allowed_signers(Namespace::Command);
        (
            ours.map(|person| person.id().to_string())
                .map_err(|error| error.code()),
            oracle(
                &signers,
                "vera",
                COMMAND,
                b"text",
                armour,
                "20260601120000Z",
            ),
        )
    }

    fn roles(&self) -> Roles {
        let key = key_row(&self.public.to_openssh().expect("a key"), FROM, UNTIL);
        let vera = person_row(
            "vera",
            "VEGA",
            "tighten loosen_yellow loosen_orange loosen_red",
            &key,
        );
        let fund = crate::support::fund();
        let mut persons = vec![vera];
        for (person, roles, may) in [
            ("chief", "CEO", "tighten loosen_black"),
            (
                "stig",
                "STIG",
                "tighten loosen_yellow loosen_orange loosen_red",
            ),
        ] {
            let public = crate::support::public_text(&fund.key(person));
            persons.push(person_row(
                person,
                roles,
                may,
                &key_row(&public, FROM, UNTIL),
            ));
        }
        Roles::parse(roles_text(&persons, "2").as_bytes()).expect("a roles file")
    }
}

#[test]
fn a_touched_key_signs_and_an_untouched_one_does_not() {
    const TOUCHED: u8 = 1;
    const TOUCHED_WITH_PIN: u8 = 5;
    let token = Token::make("ssh:");
    let judge =
        |application: &str, flags: u8| token.judge(&token.sign(application, flags, 7, b"text"));
    let vera = || Ok("vera".to_owned());
    assert_eq!(judge("ssh:", TOUCHED), (vera(), true));
    assert_eq!(judge("ssh:", TOUCHED_WITH_PIN), (vera(), true));
    // Stricter than `ssh-keygen -Y verify`, which does not ask for a touch.
    assert_eq!(judge("ssh:", 0), (Err("signature_user_presence"), true));
    // Made for another application, a web site's login say.
    assert_eq!(
        judge("https://example.org", TOUCHED),
        (Err("signature_invalid"), false)
    );
}

/// The same curve, but a plain signature under the name of a security key, and the reverse.
#[test]
fn the_two_kinds_of_signature_are_not_mixed_up() {
    let token = Token::make("ssh:");
    let data = SshSig::signed_data(COMMAND, HashAlg::Sha512, b"text").expect("signed data");
    let plain = token.secret.sign(&data).to_bytes().to_vec();
    let plain = Signature::new(Algorithm::Ed25519, plain).expect("a signature");
    let touched = SshSig::from_pem(token.sign("ssh:", 1, 7, b"text")).expect("a signature");
    let under = |key: &PublicKey, signature: Signature| {
        SshSig::new(key.key_data().clone(), COMMAND, HashAlg::Sha512, signature)
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .expect("armour")
    };
    let mixed = under(&token.public, plain);
    assert_eq!(
        token.judge(mixed.as_bytes()),
        (Err("signature_invalid"), false)
    );
    let token = token.plain();
    let mixed = under(&token.public, touched.signature().clone());
    assert_eq!(
        token.judge(mixed.as_bytes()),
        (Err("signature_invalid"), false)
    );
}

/// PROTOCOL.sshsig: `reserved` is empty in version 1. OpenSSH passes over what stands there and
/// verifies without it, so what somebody wrote there would count for one of the two alone.
#[test]
fn nothing_stands_in_the_reserved_field() {
    let token = Token::make("ssh:").plain();
    let judge = |reserved: &[u8], signed: &[u8]| token.judge(&token.by_hand(reserved, signed));
    assert_eq!(judge(b"", b""), (Ok("vera".to_owned()), true));
    assert_eq!(judge(b"x", b"x"), (Err("signature_armour"), false));
    assert_eq!(judge(b"x", b""), (Err("signature_armour"), true));
}
