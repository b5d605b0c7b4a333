"""The default campaign: campaign.toml, email/*.mjml.j2, sms/*.txt.j2, and the code that renders them."""
