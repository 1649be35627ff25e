//! Signatures of a FIDO security key. The token is played here, after OpenSSH's PROTOCOL.u2f; that
//! it is played right is judged by `ssh-keygen`.

use ed25519_dalek::{Signer as _, SigningKey};
use ios012_governance::{Namespace, Roles, verify_signature};
use ios012_lineage::sha256;
use ssh_key::public::{Ed25519PublicKey, KeyData, SkEd25519};
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

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
    let roles = token.roles();
    let signers = roles.allowed_signers(Namespace::Command);
    let judge = |application: &str, flags: u8| {
        let signature = token.sign(application, flags, 7, b"text");
        let ours = verify_signature(&roles, Namespace::Command, b"text", &signature, &[])
            .map(|person| person.id().to_string())
            .map_err(|error| error.code());
        let theirs = oracle(
            &signers,
            "vera",
            COMMAND,
            b"text",
            &signature,
            "20260601120000Z",
        );
        (ours, theirs)
    };
    assert_eq!(judge("ssh:", TOUCHED), (Ok("vera".to_owned()), true));
    assert_eq!(
        judge("ssh:", TOUCHED_WITH_PIN),
        (Ok("vera".to_owned()), true)
    );
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
fn a_plain_signature_is_not_one_of_a_security_key() {
    let token = Token::make("ssh:");
    let roles = token.roles();
    let signers = roles.allowed_signers(Namespace::Command);
    let data = SshSig::signed_data(COMMAND, HashAlg::Sha512, b"text").expect("signed data");
    let plain = Signature::new(
        Algorithm::Ed25519,
        token.secret.sign(&data).to_bytes().to_vec(),
    );
    let key = token.public.key_data().clone();
    let mixed = SshSig::new(key, COMMAND, HashAlg::Sha512, plain.expect("a signature"))
        .and_then(|signature| signature.to_pem(LineEnding::LF))
        .expect("armour");
    let ours = verify_signature(&roles, Namespace::Command, b"text", mixed.as_bytes(), &[]);
    assert_eq!(
        ours.map(drop).map_err(|error| error.code()),
        Err("signature_invalid")
    );
    assert!(!oracle(
        &signers,
        "vera",
        COMMAND,
        b"text",
        mixed.as_bytes(),
        "20260601120000Z"
    ));
}
