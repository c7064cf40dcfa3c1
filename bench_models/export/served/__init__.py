"""An asv suite that times an exported file beside the variant that it was made of, for the model card."""
