//! Users and groups as the system's name service (NSS) knows them, each asked once.
