package provider

import "time"

// subscriptionBody is a subscription with one item.
func subscriptionBody(id string, at time.Time, interval string, amount int) map[string]any {
	price := map[string]any{
		"id": "price_" + interval, "object": "price", "active": true, "billing_scheme": "per_unit", "created": at.Unix(), "currency": "eur",
		"livemode": false, "lookup_key": nil, "metadata": map[string]any{}, "nickname": nil, "product": "prod_shop", "tax_behavior": nil,
		"recurring":  map[string]any{"interval": interval, "interval_count": 1, "meter": nil, "usage_type": "licensed"},
		"tiers_mode": nil, "transform_quantity": nil, "type": "recurring", "unit_amount": amount, "unit_amount_decimal": nil, "custom_unit_amount": nil,
	}
	item := map[string]any{
		"id": "si_" + id, "object": "subscription_item", "billing_thresholds": nil, "created": at.Unix(), "current_period_end": at.Unix(),
		"current_period_start": at.Unix(), "discounts": []any{}, "metadata": map[string]any{}, "price": price, "quantity": 1, "subscription": id,
		"tax_rates": []any{},
	}
	return map[string]any{
		"id": id, "object": "subscription", "automatic_tax": map[string]any{"disabled_reason": nil, "enabled": false, "liability": nil},
		"billing_cycle_anchor": at.Unix(), "billing_mode": map[string]any{"flexible": nil, "type": "classic"}, "billing_schedules": []any{},
		"cancel_at_period_end": false, "collection_method": "charge_automatically", "created": at.Unix(), "currency": "eur", "customer": "cus_demo",
		"discounts": []any{}, "invoice_settings": map[string]any{"issuer": map[string]any{"type": "self"}}, "livemode": false,
		"items":    map[string]any{"object": "list", "data": []any{item}, "has_more": false, "url": "/v1/subscription_items"},
		"metadata": map[string]any{}, "start_date": at.Unix(), "status": "active",
	}
}

// disputeEvidence is that of a dispute to which nobody has answered.
func disputeEvidence() map[string]any {
	out := map[string]any{"enhanced_evidence": map[string]any{}}
	for _, name := range []string{
		"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
		"customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
		"duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
		"refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address",
		"shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
	} {
		out[name] = nil
	}
	return out
}
