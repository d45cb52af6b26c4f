//! What several environments have to compute, from standards and checked with another
//! implementation: multiples of generators, hashes.

/// A number's bytes, the least significant first.
pub(crate) fn little(hex: &str) -> Vec<u8> {
    let mut bytes = big(hex);
    bytes.reverse();
    bytes
}

/// A number's bytes, the most significant first.
pub(crate) fn big(hex: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap();
    let byte = |pair: &[u8]| u8::try_from(digit(&pair[0]) * 16 + digit(&pair[1])).unwrap();
    hex.as_bytes().chunks(2).map(byte).collect()
}

/// A small number of `size` bytes.
pub(crate) fn small(number: u8, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    bytes[0] = number;
    bytes
}

/// x and y of a generator, of its double and of its triple.
pub(crate) type Multiples = [[&'static str; 2]; 3];

/// Both coordinates, as in memory.
pub(crate) fn point([x, y]: [&str; 2]) -> Vec<u8> {
    [little(x), little(y)].concat()
}

pub(crate) const SECP256K1: Multiples = [
    [
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    ],
    [
        "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
        "1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a",
    ],
    [
        "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
        "388f7b0f632de8140fe337e62a37f3566500a99934c2231b6cb9fd7584b8e672",
    ],
];

pub(crate) const SECP256R1: Multiples = [
    [
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    ],
    [
        "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
        "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1",
    ],
    [
        "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c",
        "8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032",
    ],
];

pub(crate) const BN254: Multiples = [
    [
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000000000000000000000000000000002",
    ],
    [
        "030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3",
        "15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4",
    ],
    [
        "0769bf9ac56bea3ff40232bcb1b6bd159315d84715b8e679f2d355961915abf0",
        "2ab799bee0489429554fdb7c8d086475319e63b40b9c5b57cdf1ff3dd9fe2261",
    ],
];

pub(crate) const BLS12_381: Multiples = [
    [
        "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
        "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
    ],
    [
        "0572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62ae28f75bb8f1c7c42c39a8c5529bf0f4e",
        "166a9d8cabc673a322fda673779d8e3822ba3ecb8670e461f73bb9021d5fd76a4c56d9d4cd16bd1bba86881979749d28",
    ],
    [
        "09ece308f9d1f0131765212deca99697b112d61f9be9a5f1f3780a51335b3ff981747a0b2ca2179b96d2c0c9024e5224",
        "032b80d3a6f5b09f8a84623389c5f80ca69a0cddabc3097f9d9c27310fd43be6e745256c634af45ca3473b0590ae30d1",
    ],
];

pub(crate) const ED25519: Multiples = [
    [
        "216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a",
        "6666666666666666666666666666666666666666666666666666666666666658",
    ],
    [
        "36ab384c9f5a046c3d043b7d1833e7ac080d8e4515d7a45f83c5a14e2843ce0e",
        "2260cdf3092329c21da25ee8c9a21f5697390f51643851560e5f46ae6af8a3c9",
    ],
    [
        "67ae9c4a22928f491ff4ae743edac83a6343981981624886ac62485fd3f8e25c",
        "1267b1d177ee69aba126a18e60269ef79f16ec176724030402c3684878f5b4d4",
    ],
];

/// Keccak's state with the padding of no bytes, and Keccak-256 of no bytes.
pub(crate) fn keccak_of_nothing() -> (Vec<u8>, Vec<u8>) {
    let mut state = vec![0; 200];
    (state[0], state[135]) = (0x01, 0x80);
    (state, big("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"))
}

/// SHA-256's initial state.
pub(crate) const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The words of "abc", padded.
pub(crate) fn abc_block() -> [u32; 16] {
    let mut block = [0; 16];
    (block[0], block[15]) = (0x6162_6380, 24);
    block
}

/// SHA-256 of "abc", as words.
pub(crate) const SHA256_ABC: [u32; 8] = [
    0xba78_16bf,
    0x8f01_cfea,
    0x4141_40de,
    0x5dae_2223,
    0xb003_61a3,
    0x9617_7a9c,
    0xb410_ff61,
    0xf200_15ad,
];
