"""ECDSA on the curve y^2 = x^3 + 7 over the integers modulo P, as SEC 2 defines secp256k1.

Points are pairs of coordinates; None is the point at infinity.
"""

P = 2**256 - 2**32 - 977
# Number of points.
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GENERATOR = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(left, right):
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if left == right:
        slope = 3 * x1 * x1 * pow(2 * y1, -1, P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(factor, point):
    product = None
    for bit in f"{factor % ORDER:b}":
        product = add(product, product)
        if bit == "1":
            product = add(product, point)
    return product


def sign(digest, secret, nonce):
    """r, s and the recovery id; of the two values of s the smaller one."""
    x, y = multiply(nonce, GENERATOR)
    assert x < ORDER, "otherwise the recovery id would have to say so"
    s = pow(nonce, -1, ORDER) * (int.from_bytes(digest, "big") + x * secret) % ORDER
    odd = y & 1
    if s > ORDER // 2:
        s, odd = ORDER - s, odd ^ 1
    assert recover(digest, x.to_bytes(32, "big"), s.to_bytes(32, "big"), odd) == multiply(
        secret, GENERATOR
    )
    return x.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([odd])


def recover(digest, r, s, recovery):
    """The public key under which the signature is one of the digest."""
    digest, r, s = (int.from_bytes(number, "big") for number in (digest, r, s))
    x = r + ORDER if recovery & 2 else r
    y = pow(x**3 + 7, (P + 1) // 4, P)
    assert (y * y - x**3 - 7) % P == 0, "no point has this x"
    if y & 1 != recovery & 1:
        y = P - y
    sum_of_both = add(multiply(-digest, GENERATOR), multiply(s, (x, y)))
    return multiply(pow(r, -1, ORDER), sum_of_both)


assert multiply(ORDER - 1, GENERATOR) == (GENERATOR[0], P - GENERATOR[1])
