//! Image push, registry logins and pull secrets.
