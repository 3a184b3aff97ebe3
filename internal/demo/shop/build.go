package shop

import "time"

// Build is one version of the shop's code: what sets it apart from the others.
type Build struct {
	Name string // v1, v2, ...
	// SplitDiscount spreads a discount over the other pieces of an order and
	// forgets orders of one piece: the database refuses to divide by zero.
	SplitDiscount bool
	// TaxLookup is how long a checkout waits for the tax service; 0 means that
	// the build does not ask it.
	TaxLookup time.Duration
}

// checkoutSQL places an order of one product; $1 user, $2 product, $3 pieces.
const checkoutSQL = `WITH placed AS (
  INSERT INTO orders (user_id, state, total_cents)
  SELECT $1::bigint, 'new', price_cents * $3::int FROM products WHERE id = $2::bigint RETURNING id)
INSERT INTO order_items (order_id, product_id, quantity, price_cents)
SELECT placed.id, p.id, $3::int, p.price_cents FROM placed, products p WHERE p.id = $2::bigint
RETURNING order_id`

const splitDiscountSQL = `WITH placed AS (
  INSERT INTO orders (user_id, state, total_cents)
  SELECT $1::bigint, 'new', price_cents * $3::int - 500 / ($3::int - 1) FROM products WHERE id = $2::bigint RETURNING id)
INSERT INTO order_items (order_id, product_id, quantity, price_cents)
SELECT placed.id, p.id, $3::int, p.price_cents FROM placed, products p WHERE p.id = $2::bigint
RETURNING order_id`

func (b Build) checkoutSQL() string {
	if b.SplitDiscount {
		return splitDiscountSQL
	}
	return checkoutSQL
}
