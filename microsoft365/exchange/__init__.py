"""Exchange Online as desired state: what is wanted, what was read, the plan between them, and its performance."""
