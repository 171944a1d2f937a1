"""What end-to-end tests share: a stack of its own in a folder of its own, and people who change the tenant by hand."""
