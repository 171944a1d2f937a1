// The azuread plug-in, built from the published Go modules where the official one cannot be downloaded.
//
// It owns the bridge between Pulumi and the Terraform provider for Microsoft Entra, and nothing else: every resource,
// call and wait is the Terraform provider's own. The names of resources and functions follow the official plug-in,
// so that pulumi-azuread from PyPI finds them.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-provider-azuread/xpprovider"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// version is the release of pulumi-azuread whose place this plug-in takes; the build sets it.
var version = "0.0.0"

func main() {
	provider, err := xpprovider.GetProviderSchema(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "The azuread provider could not be started:", err)
		os.Exit(1)
	}
	info := tfbridge.ProviderInfo{
		P:            shim.NewProvider(provider),
		Name:         "azuread",
		Version:      version,
		DisplayName:  "Azure Active Directory (Azure AD)",
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config: map[string]*tfbridge.SchemaInfo{
			// The same three that the official plug-in encrypts in the state.
			"client_id":                   {Secret: tfbridge.True()},
			"client_secret":               {Secret: tfbridge.True()},
			"client_certificate_password": {Secret: tfbridge.True()},
			// And one that it does not: a federated token signs in as well as a secret does.
			"oidc_token": {Secret: tfbridge.True()},
			"environment": {Default: &tfbridge.DefaultInfo{
				Value: "public", EnvVars: []string{"ARM_ENVIRONMENT"},
			}},
			"msi_endpoint": {Default: &tfbridge.DefaultInfo{EnvVars: []string{"ARM_MSI_ENDPOINT"}}},
			"use_msi":      {Default: &tfbridge.DefaultInfo{Value: false, EnvVars: []string{"ARM_USE_MSI"}}},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("azuread_", "index", tokens.MakeStandard("azuread")))
	info.SetAutonaming(255, "-")

	// Only generators of other languages' packages need more of a schema than its existence.
	tfbridge.Main("azuread", version, info, []byte("{}"))
}
