"""What waits: PostPurchaseCampaign. Imports campaign/ and activities' interface only."""
