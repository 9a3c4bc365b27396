// The name under which a request may carry an override token; whether it is believed is decided by whoever holds the key.

/** Of the header, the cookie and the query parameter alike. */
export const OVERRIDE_NAME = 'graylane-override';
