"""The page on which a person sees a tenant: what it holds, who reaches what, and what hangs beside each room's door."""
