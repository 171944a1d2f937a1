"""Pulumi components that connect ROOMZ displays to Microsoft 365, and the pure decisions behind them.

Nothing in this package talks to a network: resources are declared here and made by Pulumi's providers, and everything
that speaks to Microsoft lies in `microsoft365/`. `settings`, `secret_plan` and `drift` import no Pulumi at all.
"""
