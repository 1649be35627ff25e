//! What the types of secrets must not be able to do.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::ops::Deref;

use ios012_secrets::{
    Address, CheckpointKey, Credential, Environment, Hardened, Https, Live, Secret, Signature,
    Signer,
};

/// Whether a type has a trait: the constant of the type comes before that of the trait, where its bound holds.
macro_rules! has {
    ($type:ty, $($bound:tt)+) => {{
        struct Asked<T: ?Sized>(PhantomData<T>);
        #[allow(dead_code, reason = "not asked where the type has the trait")]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        #[allow(dead_code, reason = "only a type with the trait has it")]
        impl<T: ?Sized + $($bound)+> Asked<T> {
            const HAS: bool = true;
        }
        <Asked<$type>>::HAS
    }};
}

macro_rules! seen {
    ($type:ty) => {
        [
            has!($type, Debug),
            has!($type, Display),
            has!($type, Clone),
            has!($type, serde::Serialize),
            has!($type, PartialEq),
            has!($type, Deref),
            has!($type, AsRef<str>),
            has!($type, AsRef<[u8]>),
        ]
    };
}

#[test]
fn no_secret_can_be_shown_copied_compared_or_written() {
    const NONE: [bool; 8] = [false; 8];
    assert_eq!(seen!(Secret), NONE);
    assert_eq!(seen!(Signer), NONE);
    assert_eq!(seen!(Signature), NONE);
    assert_eq!(seen!(Credential<Live>), NONE);
    assert_eq!(seen!(Environment), NONE);
    assert_eq!(seen!(Hardened), NONE);
    assert_eq!(seen!(Address), NONE);
    assert_eq!(seen!(CheckpointKey), NONE);
    assert_eq!(seen!(Https), NONE);
    #[cfg(feature = "vault")]
    {
        use ios012_secrets::{Generation, Keeper, Keyring, Keys, Session, Stored, Vault};
        assert_eq!(seen!(Vault), NONE);
        assert_eq!(seen!(Session), NONE);
        assert_eq!(seen!(Keeper), NONE);
        assert_eq!(seen!(Stored), NONE);
        assert_eq!(seen!(Keyring<Live>), NONE);
        assert_eq!(seen!(Generation<Live>), NONE);
        assert_eq!(seen!(Keys<Live>), NONE);
    }
}

#[test]
fn the_question_finds_a_trait_that_is_there() {
    assert_eq!(
        seen!(String),
        [true, true, true, true, true, true, true, true]
    );
    assert_eq!(
        seen!(u8),
        [true, true, true, true, true, false, false, false]
    );
}
