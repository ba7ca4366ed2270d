"""From a holder path to the mistake: states, the faulty reference, the owner, the family, the advice. Pure."""
